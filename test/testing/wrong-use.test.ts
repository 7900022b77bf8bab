import { afterEach, describe, expect, it } from 'vitest';

import type { PlatformOptions, RunOptions, TestPlatform } from '../../src/testing/index.js';
import { startPlatform } from '../../src/testing/index.js';

const platforms: TestPlatform[] = [];

afterEach(async () => {
    for (const platform of platforms.splice(0).toReversed()) await platform.close();
});

async function start(options?: PlatformOptions): Promise<TestPlatform> {
    const platform = await startPlatform(options);
    platforms.push(platform);
    return platform;
}

/** Rules that would never strike, or would do nothing: a test with one of them would pass without its fault. */
const WRONG_RULES: [what: string, rule: object, path: string][] = [
    ['without a fault', { on: 'push' }, 'fault'],
    ['with a key that it does not know', { no: 'push', fault: { status: 503 } }, 'no'],
    ['for another kind of request', { on: 'pull', fault: { status: 503 } }, 'on'],
    ['with a method in small letters', { method: 'post', fault: { status: 503 } }, 'method'],
    ['with a path that is a number', { path: 5, fault: { status: 503 } }, 'path'],
    ['that skips fewer than none', { skip: -1, fault: { status: 503 } }, 'skip'],
    ['that never strikes', { times: 0, fault: { status: 503 } }, 'times'],
    ['with a fault that does nothing', { fault: { when: 'after' } }, 'fault'],
    ['with a key of its fault that it does not know', { fault: { statu: 503 } }, 'fault.statu'],
    ['with a status in quotes', { fault: { status: '503' } }, 'fault.status'],
    ['with a body and no status', { fault: { body: '<html>' } }, 'fault.status'],
    ['with a time that it does not know', { fault: { when: 'later', cut: true } }, 'fault.when'],
    ['with a delay in quotes', { fault: { delayMillis: '5' } }, 'fault.delayMillis'],
];

describe('startPlatform()', () => {
    it.each(WRONG_RULES)('refuses a rule %s', async (_what, rule, path) => {
        const faults = [{ fault: { status: 503 } }, rule] as PlatformOptions['faults'];
        await expect(startPlatform({ faults })).rejects.toMatchObject({
            code: 'INVALID_OPTIONS',
            option: `faults[1].${path}`,
        });
    });

    it.each([
        ['an input that is no JSON', { input: 5n }, 'input'],
        ['a schema that nobody has awaited', { schema: Promise.resolve({}) }, 'schema'],
        ['an empty path of a schema', { schema: '' }, 'schema'],
        ['a folder that is not there', { cwd: '/nowhere/at/all' }, 'cwd'],
    ])('refuses %s', async (_what, options, name) => {
        await expect(startPlatform(options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', option: name });
    });
});

describe('platform.faults.next()', () => {
    it.each(WRONG_RULES)('refuses a rule %s', async (_what, rule, path) => {
        const { faults } = await start();
        expect(() => faults.next(rule as never)).toThrow(`"rule.${path}" `);
        expect(faults.pending).toBe(0);
    });

    it('takes rules that strike every request', async () => {
        const { faults } = await start();
        faults.next({ path: /records/, times: Infinity, fault: { status: 403 } });
        faults.next({ fault: { delayMillis: 5 } });
        expect(faults.pending).toBe(Infinity);
    });
});

describe('platform.run()', () => {
    it.each([
        ['a file that is no path', undefined, {}, 'file'],
        ['an option that it does not know', 'main.mjs', { arg: ['x'] }, 'options.arg'],
        ['arguments that are no list', 'main.mjs', { args: '--x' }, 'options.args'],
        ['variables that are no text', 'main.mjs', { env: { PORT: 5 } }, 'options.env'],
        ['a time that has passed', 'main.mjs', { timeoutMillis: -1 }, 'options.timeoutMillis'],
    ])('refuses %s', async (_what, file, options, name) => {
        const platform = await start();
        await expect(platform.run(file as string, options as RunOptions)).rejects.toMatchObject({
            code: 'INVALID_OPTIONS',
            option: name,
        });
    });
});

describe('a platform that is closed', () => {
    it('says so when it is to run an Actor', async () => {
        const platform = await start();
        await platform.close();
        await expect(platform.run('main.mjs')).rejects.toThrow(/The platform is closed/);
        expect(() => platform.env).toThrow(/The platform is closed/);
        expect(() => platform.useInThisProcess()).toThrow(/The platform is closed/);
        expect(platform.items()).toEqual([]);
        await platform.close();
    });
});

describe('platform.useInThisProcess()', () => {
    it('refuses to take a process that is the run of another platform, until that is closed', async () => {
        const [first, second] = [await start(), await start()];
        first.useInThisProcess();
        first.useInThisProcess();
        expect(() => second.useInThisProcess()).toThrow(/run of another platform/);
        expect(process.env.APIFY_API_BASE_URL).toBe(first.server.url);
        await first.close();
        second.useInThisProcess();
        expect(process.env.APIFY_API_BASE_URL).toBe(second.server.url);
    });
});
