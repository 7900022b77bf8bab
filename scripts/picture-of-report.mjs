/**
 * Makes `docs/report.png`, the picture of the README: the report of a real run of this repository's Actor, as a browser shows
 * it. Needs `npm run build` before, and Chromium. Usage: node scripts/picture-of-report.mjs [file]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const [file = join(ROOT, 'docs/report.png')] = process.argv.slice(2);

const executablePath = process.env.CHROMIUM_PATH ?? PLACES.find((place) => existsSync(place));
if (executablePath === undefined) {
    console.error(`Chromium was not found in ${PLACES.join(', ')}. Install it, or name it in CHROMIUM_PATH.`);
    process.exit(1);
}

const storage = mkdtempSync(join(tmpdir(), 'picture-of-report-'));
const run = spawnSync(process.execPath, ['dist/actor/main.js'], {
    cwd: ROOT,
    env: { ...process.env, CRAWLEE_STORAGE_DIR: storage },
    encoding: 'utf8',
});
if (run.status !== 0) {
    console.error(`The Actor failed. Expected that \`npm run build\` was run before:\n${run.stdout}${run.stderr}`);
    process.exit(1);
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 900, height: 760 }, colorScheme: 'light' });
await page.goto(pathToFileURL(join(storage, 'key_value_stores/default/DATASET-GUARD-REPORT-HTML.html')).href);
await page.screenshot({ path: file });
await browser.close();
rmSync(storage, { recursive: true, force: true });
console.log(file);
