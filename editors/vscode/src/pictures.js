// The pictures of plans: one panel a plan, beside its text, made anew shortly after the text has changed.

'use strict';

const { spawn } = require('child_process');
const path = require('path');

/** How long after the last key the picture is made anew, in milliseconds. */
const PAUSE = 400;

/** The HTML of a plan whose text comes over standard input; what is wrong with it when it has errors. */
function render(program, plan, text) {
  return new Promise((resolve) => {
    const named = [`--stdin-path=${path.basename(plan)}`];
    const options = ['--format', 'html', '--color', 'never'];
    const child = spawn(program, ['plan', ...options, ...named, '-'], { cwd: path.dirname(plan) });
    let html = '';
    let said = '';
    child.stdout.on('data', (chunk) => (html += chunk));
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', (error) => resolve({ error: error.message }));
    child.on('close', (code) => resolve(code === 0 ? { html } : { error: said || `wavec ended with ${code}` }));
    // A wavec that has ended reads no more; that is told by `close`.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

class Pictures {
  constructor(vscode, program) {
    this.vscode = vscode;
    this.program = program;
    this.panels = new Map();
    this.timers = new Map();
  }

  async open(plan) {
    const known = this.panels.get(plan);
    if (known) {
      known.reveal(this.vscode.ViewColumn.Beside, true);
      return this.draw(plan);
    }
    const panel = this.vscode.window.createWebviewPanel(
      'wavec.plan',
      `Plan of ${path.basename(plan)}`,
      { viewColumn: this.vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [] },
    );
    this.panels.set(plan, panel);
    panel.onDidDispose(() => {
      this.panels.delete(plan);
      clearTimeout(this.timers.get(plan));
      this.timers.delete(plan);
    });
    return this.draw(plan);
  }

  changed(document) {
    const plan = document.uri.fsPath;
    if (!this.panels.has(plan)) return;
    clearTimeout(this.timers.get(plan));
    this.timers.set(plan, setTimeout(() => this.draw(plan), PAUSE));
  }

  /** A library may have been saved: every picture is made anew. */
  saved(document) {
    if (document.languageId !== 'wave') return;
    for (const plan of this.panels.keys()) this.draw(plan);
  }

  async draw(plan) {
    const document = await this.vscode.workspace.openTextDocument(plan);
    const version = document.version;
    const made = await render(this.program(), plan, document.getText());
    const panel = this.panels.get(plan);
    // While it was made the text has changed, or the panel was closed.
    if (!panel || document.version !== version) return;
    if (made.html) {
      panel.webview.html = made.html;
    } else if (!panel.webview.html) {
      panel.webview.html = `<pre>${escaped(made.error)}</pre>`;
    }
    // With an error in the text, the last picture stays.
  }

  dispose() {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const panel of [...this.panels.values()]) panel.dispose();
  }
}

module.exports = { Pictures, render };
