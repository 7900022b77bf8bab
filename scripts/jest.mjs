// Runs tests with Jest, in ES modules, that use the package as it would be published: Jest gives each test file a realm of its own, and
// fake timers. Downloads Jest: `node scripts/jest.mjs`. `npm run build` comes before. The suite tries the same by hand: test/realms.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checked, installPackage } from './support/install-package.mjs';

const TEST = `
import { jest } from '@jest/globals';
import { Actor } from 'apify';
import { DatasetGuard, InvalidOptionsError } from 'apify-dataset-guard';
import { startPlatform } from 'apify-dataset-guard/testing';

let platform;
beforeAll(async () => {
    platform = await startPlatform({ schema: { type: 'object', properties: { n: { type: 'integer' } } } });
    platform.useInThisProcess();
    await Actor.init();
});
afterEach(() => jest.useRealTimers());
afterAll(async () => {
    await Actor.exit({ exit: false });
    await platform.close();
});

test('stores and quarantines', async () => {
    const guard = await DatasetGuard.open();
    await guard.pushData([{ n: 1 }, { n: 'one' }]);
    await guard.close();
    expect(platform.items()).toEqual([{ n: 1 }]);
    expect(platform.quarantine()).toHaveLength(1);
});

test('stores while the timers are fake', async () => {
    jest.useFakeTimers();
    const guard = await DatasetGuard.open();
    await guard.pushData({ n: 2 });
    await guard.close();
    expect(platform.items()).toContainEqual({ n: 2 });
});

test('refuses wrong options', async () => {
    await expect(DatasetGuard.open({ ack: 'never' })).rejects.toThrow(InvalidOptionsError);
});
`;

const work = mkdtempSync(join(tmpdir(), 'guard-jest-'));
try {
    installPackage(work, { packages: ['apify@3', 'jest'], packageJson: { type: 'module', jest: { transform: {} } } });
    writeFileSync(join(work, 'guard.test.js'), TEST);
    const args = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--forceExit'];
    checked(process.execPath, args, work);
    console.log('Jest: ok');
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
} finally {
    rmSync(work, { recursive: true, force: true });
}
