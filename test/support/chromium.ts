import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import type { Browser, LaunchOptions } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Its names in distributions; Debian's package is `chromium`. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The browser of this machine; `undefined` where there is none. */
export const chromiumPath: string | undefined = findChromium();
export const hasChromium = chromiumPath !== undefined;

/** Ends the name of a test that needs a browser, for `it.skipIf(!hasChromium)`: it tells why the test was skipped. */
export const unlessSkipped = hasChromium ? '' : ' (skipped: this machine has no Chromium)';

if (!hasChromium) console.warn('Tests that need a browser are skipped: this machine has no Chromium.');

/** Headless, as root too, and without the calls home that a browser makes by itself. For Crawlee's `launchContext`. */
export const launchOptions: LaunchOptions = {
    executablePath: chromiumPath ?? NAMES[0],
    headless: true,
    args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
    ],
};

/** Starts a browser. Whoever does closes it. */
export async function launchChromium(): Promise<Browser> {
    return chromium.launch(launchOptions);
}

function findChromium(): string | undefined {
    const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
    return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}
