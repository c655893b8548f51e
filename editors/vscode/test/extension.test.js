// The extension's own logic, with a `vscode` that only remembers what was asked of it. `WAVEC` names the wavec to call.

'use strict';

const test = require('node:test');
const assert = require('node:assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const Module = require('module');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wavec-vscode-'));
const plan = path.join(folder, "it's a plan.wave");
const good = 'plan p "A plan"\n\ntask a { run "x"  estimate 5m }\n';
fs.writeFileSync(plan, good);
test.after(() => fs.rmSync(folder, { recursive: true }));

const asked = { commands: {}, terminals: [], panels: [], messages: [], started: 0 };
const document = {
  uri: { fsPath: plan },
  languageId: 'wave',
  version: 1,
  isDirty: true,
  text: good,
  getText() { return this.text; },
  save() { asked.saved = true; this.isDirty = false; return Promise.resolve(true); },
};
const nothing = { dispose() {} };
const vscode = {
  ViewColumn: { Beside: -2 },
  Uri: { parse: (text) => ({ fsPath: decodeURIComponent(text.replace('file://', '')) }) },
  commands: { registerCommand: (name, run) => ((asked.commands[name] = run), nothing) },
  window: {
    activeTextEditor: { document },
    terminals: [],
    createTerminal: (options) => {
      const terminal = { name: options.name, shown: 0, sent: [], show() { this.shown++; }, sendText(text) { this.sent.push(text); } };
      asked.terminals.push(terminal);
      vscode.window.terminals.push(terminal);
      return terminal;
    },
    createWebviewPanel: (kind, title) => {
      const panel = { title, webview: { html: '' }, reveal() {}, onDidDispose(run) { this.gone = run; }, dispose() { this.gone(); } };
      asked.panels.push(panel);
      return panel;
    },
    showInformationMessage: (text) => asked.messages.push(text),
    showWarningMessage: (text) => asked.messages.push(text),
    showErrorMessage: (text) => asked.messages.push(text),
  },
  workspace: {
    isTrusted: true,
    textDocuments: [document],
    getConfiguration: () => ({ get: () => process.env.WAVEC || 'wavec' }),
    createFileSystemWatcher: () => nothing,
    openTextDocument: () => Promise.resolve(document),
    onDidSaveTextDocument: (run) => ((asked.save = run), nothing),
    onDidChangeTextDocument: (run) => ((asked.change = run), nothing),
  },
};
class LanguageClient {
  constructor(id, name, server, options) { asked.server = server; asked.options = options; }
  start() { asked.started++; return Promise.resolve(); }
  stop() { return Promise.resolve(); }
}
const load = Module._load;
Module._load = (name, ...rest) => {
  if (name === 'vscode') return vscode;
  if (name === 'vscode-languageclient/node') return { LanguageClient };
  return load(name, ...rest);
};

const extension = require('../src/extension.js');
const manifest = require('../package.json');
const context = { subscriptions: [] };

test('it starts the server and registers what the manifest promises', async () => {
  await extension.activate(context);
  assert.strictEqual(asked.started, 1);
  assert.deepStrictEqual(asked.server.args, ['lsp']);
  assert.deepStrictEqual(asked.options.initializationOptions, { commands: true });
  const promised = manifest.contributes.commands.map((it) => it.command).sort();
  assert.deepStrictEqual(Object.keys(asked.commands).sort(), promised);
});

test('a plan is run in a terminal, saved and quoted', async () => {
  await asked.commands['wavec.run'](`file://${encodeURI(plan)}`);
  assert.ok(asked.saved);
  assert.match(asked.terminals[0].sent[0], /' run '.*it'\\''s a plan\.wave'$/);
  await asked.commands['wavec.check']();
  assert.strictEqual(asked.terminals.length, 1, 'one terminal for all');
});

test('nothing is run in a workspace that is not trusted', async () => {
  vscode.workspace.isTrusted = false;
  const before = asked.terminals[0].sent.length;
  await asked.commands['wavec.run']();
  assert.strictEqual(asked.terminals[0].sent.length, before);
  vscode.workspace.isTrusted = true;
});

const has = require('child_process').spawnSync(process.env.WAVEC || 'wavec', ['plan', '--help']);
const draws = has.status === 0 && String(has.stdout).includes('html');

test('the picture follows the text and outlives a mistake', { skip: !draws && 'no wavec that draws' }, async () => {
  await asked.commands['wavec.plan']();
  const [panel] = asked.panels;
  assert.match(panel.webview.html, /<html|<!doctype/i);
  const until = async (holds) => {
    for (let round = 0; round < 200 && !holds(); round++) await new Promise((done) => setTimeout(done, 50));
    assert.ok(holds());
  };
  document.text = good.replace('task a', 'task another');
  document.version++;
  asked.change({ document });
  await until(() => panel.webview.html.includes('another'));
  document.text = 'plan p\ntask {';
  document.version++;
  asked.change({ document });
  await new Promise((done) => setTimeout(done, 1500));
  assert.ok(panel.webview.html.includes('another'), 'the last picture stays');
  panel.dispose();
  asked.change({ document });
});

test('every contributed file is there and is JSON', () => {
  const files = [
    manifest.contributes.languages[0].configuration,
    manifest.contributes.grammars[0].path,
    manifest.contributes.snippets[0].path,
  ];
  for (const file of files) JSON.parse(fs.readFileSync(path.join(__dirname, '..', file), 'utf8'));
  assert.ok(fs.statSync(path.join(__dirname, '..', manifest.icon)).size > 100);
});

test('the grammar colours every keyword of the vocabulary', () => {
  const table = fs.readFileSync(path.join(__dirname, '../../../src/syntax/vocabulary.rs'), 'utf8');
  const grammar = JSON.parse(fs.readFileSync(path.join(__dirname, '../syntaxes/wave.tmLanguage.json'), 'utf8'));
  const words = [...table.matchAll(/^ {4}"([a-z -]+)" (?:once|often) /gm)].map((it) => it[1]);
  assert.ok(words.length > 50);
  for (const word of words) assert.match(word, new RegExp(grammar.repository.keyword.match), word);
});
