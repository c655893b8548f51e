// The extension: starts the language server, runs plans in a terminal, and keeps the picture of a plan beside its text.

'use strict';

const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');
const { Pictures } = require('./pictures');

let client;

/** The wavec to call. */
function program() {
  return vscode.workspace.getConfiguration('wavec').get('path') || 'wavec';
}

/** The path of the plan that a command is about: what it was given, or the text in front. */
function planOf(target) {
  if (typeof target === 'string') return vscode.Uri.parse(target).fsPath;
  if (target && target.fsPath) return target.fsPath;
  const editor = vscode.window.activeTextEditor;
  return editor && editor.document.languageId === 'wave' ? editor.document.uri.fsPath : undefined;
}

/** A path as one word of any shell that a terminal may run. */
function quoted(path) {
  if (process.platform === 'win32') return `"${path}"`;
  return `'${path.replace(/'/g, `'\\''`)}'`;
}

async function inTerminal(command, target) {
  const plan = planOf(target);
  if (!plan) return vscode.window.showInformationMessage('Open a .wave file first.');
  const open = vscode.workspace.textDocuments.find((it) => it.uri.fsPath === plan);
  if (open && open.isDirty) await open.save();
  const name = 'wavec';
  const terminal = vscode.window.terminals.find((it) => it.name === name) || vscode.window.createTerminal({ name });
  terminal.show();
  terminal.sendText(`${quoted(program())} ${command} ${quoted(plan)}`);
}

function makeClient() {
  const server = { command: program(), args: ['lsp'] };
  return new LanguageClient('wavec', 'Wave', server, {
    documentSelector: [{ language: 'wave' }],
    // Which files to watch, the server says.
    initializationOptions: { commands: true },
  });
}

async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(`wavec could not be started: ${error.message}. Set "wavec.path", or install wavec.`);
  }
}

async function activate(context) {
  const pictures = new Pictures(vscode, program);
  context.subscriptions.push(
    pictures,
    vscode.commands.registerCommand('wavec.run', async (target) => {
      if (!vscode.workspace.isTrusted) {
        return vscode.window.showWarningMessage('Plans are run only in a workspace that you trust.');
      }
      return inTerminal('run', target);
    }),
    vscode.commands.registerCommand('wavec.check', (target) => inTerminal('check', target)),
    vscode.commands.registerCommand('wavec.plan', (target) => {
      const plan = planOf(target);
      return plan ? pictures.open(plan) : vscode.window.showInformationMessage('Open a .wave file first.');
    }),
    vscode.commands.registerCommand('wavec.restart', async () => {
      if (client) await client.stop();
      await start();
    }),
    vscode.workspace.onDidSaveTextDocument((document) => pictures.saved(document)),
    vscode.workspace.onDidChangeTextDocument((event) => pictures.changed(event.document)),
  );
  await start();
}

async function deactivate() {
  if (client) await client.stop();
}

module.exports = { activate, deactivate };
