/**
 * @file The tree-sitter grammar of `.wave`, edition 1. For editors: it reads a plan while it is typed.
 *
 * The reference is `grammar/wave.pest`; where the two differ, that one is right (and a test tells).
 * Like it, any statement is read anywhere: what may stand where is for `wavec check` to say.
 */
/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const list = (rule) => seq(rule, repeat(seq(',', rule)));

const TIME = ['milliseconds', 'ms', 's', 'm', 'h', 'd'];

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
          seq(choice('makespan', 'speedup', 'cost', 'workers'), $.comparison, $._quantity),
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
        seq('timeout', $.number),
      ),
    retries: ($) =>
      prec.right(seq('retries', $.number, repeat(choice(seq('backoff', $.number), 'feedback')))),
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
    wait: ($) => seq('wait', $.number),
    approve: ($) =>
      prec.right(
        seq(
          'approve', field('question', $._string),
          repeat(
            choice(seq('by', $._string), seq('within', $.number, 'otherwise', choice('stop', 'continue'))),
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
          repeat(choice(seq('exits', $.number), seq('prints', field('pattern', $._string)), seq('within', $.number))),
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

    name: () =>
      token(
        /([\p{XID_Start}_]|\{\{ *[\p{XID_Start}_][\p{XID_Continue}_-]* *\}\})([\p{XID_Continue}_-]|\{\{ *[\p{XID_Start}_][\p{XID_Continue}_-]* *\}\})*/u,
      ),
    reference: ($) => prec.right(seq($.name, repeat(seq(token.immediate('.'), $.name)))),

    // ---- values

    _value: ($) => choice($._string, $.boolean, $.number),
    boolean: () => choice('true', 'false'),
    comparison: () => choice('<=', '>=', '==', '!=', '<', '>'),
    // `42`, `0.8`, `0.5%`, `1h30m`: one token, as people write them.
    number: () => token(/-?[0-9]+(\.[0-9]+)?([A-Za-z]+[0-9]+)*[A-Za-z]*%?/),
    _quantity: ($) => choice($.number, $.amount),
    amount: ($) => choice($.money, $.tokens),
    money: () => token(seq('$', /[0-9]+(\.[0-9]+)?/, optional(seq('..', '$', /[0-9]+(\.[0-9]+)?/)))),
    tokens: ($) => seq($.number, optional(seq('..', $.number)), 'tokens'),
    _range: ($) => seq($.number, optional(seq('..', $.number, optional(seq('..', $.number))))),

    // ---- strings

    _string: ($) => choice($.string, $.block_string, $.literal, $.block_literal),
    string: ($) =>
      seq(
        '"',
        repeat(choice(alias(token.immediate(prec(1, /[^"\\{\n]+|\{/)), $.content), $.escape, $.hole)),
        token.immediate('"'),
      ),
    block_string: ($) =>
      seq(
        '"""',
        repeat(choice(alias(token.immediate(prec(1, /[^"\\{]+|\{|""?/)), $.content), $.escape, $.hole)),
        token.immediate('"""'),
      ),
    literal: ($) =>
      seq("'", optional(alias(token.immediate(prec(1, /[^'\n]+/)), $.content)), token.immediate("'")),
    block_literal: ($) =>
      seq(
        "'''",
        repeat(alias(token.immediate(prec(1, /[^']+|''?/)), $.content)),
        token.immediate("'''"),
      ),
    escape: () => token.immediate(/\\([ntr0"'\\{}]|u\{[0-9A-Fa-f]{1,6}\}|\n)/),
    hole: ($) => seq(token.immediate(prec(2, '{{')), $.reference, '}}'),
  },
});
