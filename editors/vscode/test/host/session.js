// What a person sees in the editor: a mistake underlined, its quick fix, hover, lenses, the commands, and the picture of the plan
// that stays live. Called by run.sh.

'use strict';

const assert = require('node:assert');
const { chromium } = require('playwright-core');

const [folder, port] = process.argv.slice(2);
const host = `127.0.0.1:${port}`;
const LONG = { timeout: 60000 };

/** The picture of the plan is a page in a page. */
async function picture(page, text) {
  let last = '';
  for (let tries = 0; tries < 100; tries += 1) {
    for (const frame of page.frames()) {
      if (frame === page.mainFrame()) continue;
      const body = await frame.locator('body').innerText({ timeout: 500 }).catch(() => '');
      if (body.includes(text)) return body;
      last = body || last;
    }
    await page.waitForTimeout(300);
  }
  return assert.fail(`no picture with ${text}, but ${last}`);
}

async function session(page) {
  const shot = (name) => page.screenshot({ path: `${folder}/${name}.png` });
  /** Opens the command palette with these words in it. */
  const palette = async (words) => {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input.input').fill(`>${words}`);
    await page.locator('.quick-input-list .monaco-list-row').first().waitFor(LONG);
  };
  const payload = JSON.stringify([['openFile', `vscode-remote://${host}${folder}/work/plan.wave`]]);
  await page.goto(`http://${host}/?folder=${folder}/work&payload=${encodeURIComponent(payload)}`);

  // Diagnostics, also before the folder is trusted: the server runs nothing.
  await page.getByText('Yes, I trust the authors').waitFor(LONG);
  await page.waitForSelector('.squiggly-error', { timeout: 90000 });
  await page.getByText('Yes, I trust the authors').click();
  await page.waitForTimeout(500);
  await shot('1-mistake');

  // The commands that the manifest promises.
  await palette('Wave:');
  const rows = await page.locator('.quick-input-list .monaco-list-row').allInnerTexts();
  for (const command of ['Check the plan', 'Run the plan', 'Show the plan beside', 'Restart']) {
    assert.ok(rows.some((row) => row.includes(command)), `no ${command} among ${rows}`);
  }

  // The pane: while the plan has an error, it says so, of that file.
  await page.locator('.quick-input-widget input.input').fill('>Wave: Show the plan beside');
  await page.keyboard.press('Enter');
  const said = await picture(page, 'unknown-name');
  assert.match(said, /plan\.wave:15:11/);
  assert.ok(!said.includes('stdin'), said);

  // The quick fix.
  await page.locator('.editor-instance .view-lines').first().click(LONG);
  await page.keyboard.press('Control+G');
  await page.locator('.quick-input-widget input.input').fill(':15:13');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(500);
  await page.keyboard.press('Control+.');
  await page.getByText('Write `schema`').waitFor(LONG);
  await shot('2-fix');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.squiggly-error', { ...LONG, state: 'detached' });

  // The pane is live; the lenses know the forecast.
  await picture(page, 'Generate the client');
  await page.getByText('2 tasks · 35m').first().waitFor(LONG);

  // Hover.
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+I');
  await page.getByText('it is on the critical path').first().waitFor(LONG);
  await shot('3-mended');
}

async function main() {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1500, height: 900 } });
  page.setDefaultTimeout(60000);
  try {
    await session(page);
  } catch (error) {
    await page.screenshot({ path: `${folder}/failed.png` }).catch(() => {});
    throw error;
  } finally {
    await browser.close();
  }
  console.log('the mistake, its fix, the commands, the lenses, the hover and the live picture are there');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
