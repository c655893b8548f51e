/**
 * @file The tree-sitter grammar of `.wave`, edition 1. For editors: it reads a plan while it is typed.
 *
 * The reference is `grammar/wave.pest`; where the two differ, that one is right (and a test tells).
 * Like it, any statement is read anywhere: what may stand where is for `wavec check` to say.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const list = (rule) => seq(rule, repeat(seq(',', rule)));

// `{{name}}` in a name, and the parts of a name around it.
const variable = /\{\{ *[\p{XID_Start}_][\p{XID_Continue}_-]* *\}\}/u;
const name = seq(
  choice(/[\p{XID_Start}_]/u, variable),
  repeat(choice(/[\p{XID_Continue}_-]/u, variable)),
);
const hole = seq('{{', / */, name, repeat(seq('.', name)), / */, '}}');

const numeral = /-?\.?[0-9]([\p{XID_Continue}]|\.[0-9])*%?/u;

const UNITS = [
  ...['milliseconds', 'millisecond', 'msecs', 'msec', 'ms', 'minutes', 'minute', 'mins', 'min', 'm'],
  ...['seconds', 'second', 'secs', 'sec', 's', 'hours', 'hour', 'hrs', 'hr', 'h', 'days', 'day', 'd'],
  ...['weeks', 'week', 'w'],
];

module.exports = grammar({
  name: 'wave',

  extras: ($) => [/[ \t\r\n]/, $.comment, $.doc_comment, ';'],

  word: ($) => $.name,

  supertypes: ($) => [$._statement],

  rules: {
    file: ($) => seq(optional($.shebang), repeat($._statement)),

    shebang: () => token(prec(2, /#![^\n]*/)),
    comment: () => token(prec(-1, /#[^\n]*/)),
    doc_comment: () => token(prec(1, /##[^\n]*/)),

    _statement: ($) =>
      choice(
        $.plan, $.use, $.param, $.agent, $.secret, $.resource, $.criterion, $.assert,
        $.section, $.wave, $.block, $.for, $.task, $.gate,
        $.setting, $.retries, $.budget, $.isolation, $.on_failure, $.env, $.when, $.tags, $.after,
        $.run, $.prompt, $.wait, $.approve, $.claim, $.estimate, $.uses, $.output, $.may_change_nothing,
        $.driver, $.tools, $.check, $.on_no_go,
      ),

    body: ($) => seq('{', repeat($._statement), '}'),

    // ---- items

    plan: ($) => seq('plan', field('name', $.name), optional(field('title', $._string))),
    use: ($) => seq('use', field('path', $._string)),
    param: ($) =>
      seq(
        'param', field('name', $.name),
        field('type', choice($.type, seq('one', 'of', list($._string)))),
        optional(seq('=', field('default', $._value))),
        optional(field('doc', $._string)),
      ),
    type: () => choice('text', 'integer', 'number', 'flag', 'duration', 'path'),
    agent: ($) => prec.right(seq('agent', field('name', $.name), optional(field('body', $.body)))),
    secret: ($) => seq('secret', field('name', $.name), 'from', choice('env', 'file'), $._string),
    resource: ($) => seq('resource', field('name', $.name), field('capacity', $.number)),
    criterion: ($) =>
      prec.right(seq('criterion', field('name', $.name), optional(field('title', $._string)), optional($._test))),
    assert: ($) =>
      seq(
        'assert',
        choice(
          seq('makespan', $.comparison, $._duration),
          seq(choice('speedup', 'workers'), $.comparison, $.number),
          seq('cost', $.comparison, $.amount),
          seq($.reference, choice('before', 'alongside'), $.reference),
        ),
      ),
    section: ($) => seq(choice('preflight', 'success', 'rollback', 'finally'), field('body', $.body)),
    wave: ($) =>
      seq(
        'wave', field('name', $.name), optional(field('title', $._string)),
        optional(seq('overlaps', list($.reference))), field('body', $.body),
      ),
    block: ($) =>
      seq(
        choice('parallel', 'serial'), optional(field('name', $.name)), optional(field('title', $._string)),
        field('body', $.body),
      ),
    for: ($) => seq('for', field('variable', $.name), 'in', list($._string), field('body', $.body)),
    task: ($) =>
      prec.right(
        seq('task', field('name', $.name), optional(field('title', $._string)), optional(field('body', $.body))),
      ),
    gate: ($) =>
      seq('gate', optional(field('name', $.name)), optional(field('title', $._string)), field('body', $.body)),

    // ---- settings

    setting: ($) =>
      choice(
        seq(choice('directory', 'because', 'shell', 'model', 'instructions', 'id'), $._string),
        seq(choice('workers', 'instances', 'priority'), $.number),
        seq('timeout', $._duration),
      ),
    retries: ($) =>
      prec.right(seq('retries', $.number, repeat(choice(seq('backoff', $._duration), 'feedback')))),
    budget: ($) => seq(choice('budget', 'cost'), list($.amount)),
    isolation: () => seq('isolation', choice('shared', 'worktree', 'copy')),
    on_failure: () => seq('on', 'failure', choice('stop', 'cancel', 'continue')),
    env: ($) => seq('env', field('name', $.name), choice($._string, seq('from', 'secret', $.name))),
    when: ($) => seq('when', field('param', $.name), choice('==', '!='), $._value),
    tags: ($) => seq('tags', list($.name)),
    after: ($) => seq('after', optional(choice(seq('any', 'of'), 'finished')), list($.reference)),

    // ---- a task's own

    run: ($) => seq('run', field('command', $._command)),
    _command: ($) => choice($._string, $.program),
    program: ($) => seq('[', list($._string), optional(','), ']'),
    prompt: ($) => seq('prompt', choice(seq('file', field('file', $._string)), field('text', $._string))),
    wait: ($) => seq('wait', $._duration),
    approve: ($) =>
      prec.right(
        seq(
          'approve', field('question', $._string),
          repeat(
            choice(seq('by', $._string), seq('within', $._duration, 'otherwise', choice('stop', 'continue'))),
          ),
        ),
      ),
    claim: ($) =>
      prec.right(
        seq(
          field('kind', choice('reads', 'writes', 'creates', 'appends', 'forbids')),
          choice('nothing', list(alias($._string, $.path))),
          optional(seq('except', list(alias($._string, $.path)))),
        ),
      ),
    estimate: ($) => seq('estimate', $._range),
    uses: ($) => prec.right(seq('uses', list(seq(field('resource', $.name), optional($.number))))),
    output: ($) => seq('output', field('name', $.name), 'from', choice('stdout', $._string)),
    may_change_nothing: () => seq('may', 'change', 'nothing'),

    // ---- an agent's own

    driver: ($) => seq('driver', $.name),
    tools: ($) => seq(choice('allow', 'deny'), list($._string)),

    // ---- criteria and gates

    check: ($) =>
      prec.right(
        seq('check', choice(seq(field('title', $._string), optional($._test)), $._test, field('criterion', $.name))),
      ),
    _test: ($) =>
      choice($.runs, $.exists, $.contains, $.value_of, $.value_at, $.judged, $.manual),
    runs: ($) =>
      prec.right(
        seq(
          'runs', field('command', $._command),
          repeat(choice(seq('exits', $.number), seq('prints', field('pattern', $._string)), seq('within', $._duration))),
        ),
      ),
    exists: ($) => seq(choice('exists', 'missing'), $._string),
    contains: ($) => seq(choice('contains', 'lacks'), field('pattern', $._string), 'in', $._string),
    value_of: ($) => seq('value', 'of', field('command', $._command), $.comparison, $.number),
    value_at: ($) => seq('value', $._string, 'at', $._string, $.comparison, $.number),
    judged: ($) => seq('judged', 'by', field('agent', $.name), field('question', $._string)),
    manual: () => 'manual',
    on_no_go: ($) =>
      seq(
        'on', 'no-go',
        choice('stop', 'continue', seq('retry', 'up', 'to', $.number), seq('skip', 'to', $.reference)),
      ),

    // ---- names

    name: () => token(name),
    reference: ($) => prec.right(seq($.name, repeat(seq(token.immediate('.'), $.name)))),

    // ---- values

    _value: ($) => choice($._string, $.boolean, $._duration),
    boolean: () => choice('true', 'false'),
    comparison: () => choice('<=', '>=', '==', '!=', '<', '>'),
    // `42`, `0.8`, `0.5%`, `1h30m`, and what people write by mistake: one token.
    number: () => token(numeral),
    // `30 m` and `1h 30m` are read, so that `wavec check` can say how they are written.
    _duration: ($) => prec.right(seq($.number, repeat(choice($.number, $.unit)))),
    unit: () => choice(...UNITS),
    amount: ($) => prec.right(seq($._quantity, optional(seq('..', $._quantity)))),
    _quantity: ($) => choice($.money, prec.right(seq($.number, optional('tokens')))),
    money: () => token(seq('$', numeral)),
    _range: ($) => seq($._duration, optional(seq('..', $._duration, optional(seq('..', $._duration))))),

    // ---- strings

    _string: ($) => choice($.string, $.block_string, $.literal, $.block_literal),
    string: ($) =>
      seq(
        '"',
        repeat(choice(alias(token.immediate(prec(1, /[^"\\{\n]+|\{/)), $.content), $.escape, $.hole)),
        token.immediate(prec(3, '"')),
      ),
    block_string: ($) =>
      seq(
        '"""',
        repeat(
          choice(
            alias(token.immediate(prec(1, /[^"\\{]+|\{|""?/)), $.content),
            alias($._escape_or_break, $.escape),
            $.hole,
          ),
        ),
        token.immediate(prec(3, '"""')),
      ),
    literal: ($) =>
      seq("'", optional(alias(token.immediate(prec(1, /[^'\n]+/)), $.content)), token.immediate(prec(3, "'"))),
    block_literal: ($) =>
      seq(
        "'''",
        repeat(alias(token.immediate(prec(1, /[^']+|''?/)), $.content)),
        token.immediate(prec(3, "'''")),
      ),
    // Which escapes there are is for `wavec check` to say.
    escape: () => token.immediate(prec(2, /\\[^\n]/)),
    _escape_or_break: () => token.immediate(prec(2, /\\(.|\n|\r\n)/)),
    // One token: of `{{` alone nobody knows whether it opens a hole.
    hole: () => token.immediate(prec(2, hole)),
  },
});
