import { inspect } from 'node:util';

import { log } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';
import { collectLog } from './report/support/log-lines.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const numbers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`key${n}`, { type: 'number' }]));

describe('reasons in the log', () => {
    it('are named one by one up to ten, then one line says that the rest are in the report', async () => {
        const lines = collectLog();
        run.freshDataset({ type: 'object', properties: numbers(15) });
        const guard = await run.open();
        await guard.pushData(Array.from({ length: 15 }, (_, n) => ({ [`key${n}`]: 'bad' })));
        await guard.close();
        expect(lines.filter((line) => line.startsWith('Rejected by the guard: '))).toHaveLength(10);
        expect(lines.filter((line) => line.startsWith('Items fail for further reasons.'))).toHaveLength(1);
        expect(guard.report().reasons).toHaveLength(15);
    });

    it('are places in the schema: names that only the data knows are one reason', async () => {
        run.freshDataset({
            type: 'object',
            properties: { prices: { type: 'object', additionalProperties: { type: 'number' } } },
        });
        const guard = await run.open();
        await guard.pushData([{ prices: { 'sku-17': 'a' } }, { prices: { 'sku-18': 'b' } }]);
        await guard.close();
        expect(guard.report().reasons).toMatchObject([{ path: '/prices/*', count: 2 }]);
    });
});

describe("the error of mode: 'fail'", () => {
    it('names no credentials of an address that is the name of a property', async () => {
        run.freshDataset({ type: 'object', additionalProperties: { type: 'number' } });
        const guard = await run.open({ mode: 'fail' });
        await expect(guard.pushData({ 'https://joe:secret@example.com/a': 'b' })).rejects.toThrow(
            "1 of 1 items were rejected (mode: 'fail'): item 0: /https:~1~1example.com~1a must be a number.",
        );
        await guard.close();
    });
});

describe('identify', () => {
    it('names the item of a sample', async () => {
        run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
        const guard = await run.open({ identify: (item) => `movie ${String(item.code)}` });
        await guard.pushData({ n: 'bad', code: 7 });
        expect(guard.report().reasons).toMatchObject([{ samples: [{ item: 'movie 7' }] }]);
    });
});

describe('redact', () => {
    it('keeps names that only the data knows out of the record of its item', async () => {
        const id = run.freshDataset({ type: 'object', properties: { n: {} }, additionalProperties: false });
        const guard = await run.open({ redact: ({ n }) => ({ n }) });
        await guard.pushData({ 'n': 1, 'joe@example.com': true });
        await guard.close();
        expect(run.quarantined(id)).toMatchObject([{ item: { n: 1 }, errors: [{ keyword: 'additionalProperties' }] }]);
        expect(JSON.stringify(run.quarantined(id))).not.toContain('joe@example.com');
    });

    const circle = ({ secret }: Record<string, unknown>) => {
        const item: Record<string, unknown> = {};
        item[String(secret)] = item;
        return item;
    };
    it.each<[what: string, redact: (item: Record<string, any>) => any, problem: string]>([
        ['a circle', circle, 'what cannot be written as JSON'],
        ['a bigint', ({ secret }) => ({ secret, n: 1n }), 'what cannot be written as JSON'],
        ['what is a text in JSON', ({ secret }) => ({ toJSON: () => secret }), 'a string in JSON'],
        ['what is nothing in JSON', () => ({ toJSON: () => undefined }), 'undefined in JSON'],
        ['an array', ({ secret }) => [secret], 'an array'],
        ['a promise', async (item) => item, 'a promise, whose value comes too late'],
        ['nothing', () => undefined, 'undefined'],
    ])(
        'that returns %s is told so, and the item is in neither log, record nor report',
        async (_what, redact, problem) => {
            const lines = collectLog();
            const id = run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
            const guard = await run.open({ redact });
            await guard.pushData([{ n: 'bad', secret: 'joe@example.com' }, { n: 1 }]);
            const report = await guard.close();
            expect(lines.join('\n')).toContain(
                `The option "redact" failed: TypeError: expected an object from redact, but got: ${problem}. ` +
                    'Nothing of the item is shown. Further errors of it are counted.',
            );
            expect(run.quarantined(id)).toHaveLength(1);
            expect(JSON.stringify([lines, run.quarantined(id), report])).not.toContain('joe@example.com');
            expect(run.server.items(id)).toEqual([{ n: 1 }]);
            // It is kept, though, where only those who may read the run see it.
            const kept = run.server.records().get(`item-${run.quarantined(id)[0]!.id}`);
            expect(kept!.value.toString()).toContain('joe@example.com');
        },
    );
});

describe('redact that throws', () => {
    it('is said with its place, but without its message, which may hold what it was to hide', async () => {
        const lines = collectLog();
        run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
        const guard = await run.open({
            redact: ({ email }) => {
                throw new RangeError(`no such person: ${email}`);
            },
        });
        await guard.pushData({ n: 'bad', email: 'joe@example.com' });
        await guard.close();
        expect(lines.join('\n')).toMatch(
            /The option "redact" failed: RangeError at test\/dataset-guard\.secrets\.test\.ts:\d+:\d+\. Nothing of the item/,
        );
        expect(lines.join('\n')).not.toContain('joe@');
    });

    it('keeps data out of records and report: an object as deep as no item may be, and names that are numbers', async () => {
        const id = run.freshDataset({
            type: 'object',
            properties: { phones: { additionalProperties: { type: 'number' } } },
        });
        let deep = {};
        for (let level = 0; level < 2_000; level++) deep = { deep };
        const guard = await run.open({
            redact: ({ phones }) => (phones ? { phones: {} } : deep),
            repair: { unknown: 'remove' },
        });
        await guard.pushData([{ phones: { '4915112345678': 'x' } }, { phones: 1 }]);
        await guard.close();
        expect(JSON.stringify([run.quarantined(id), guard.report()])).not.toMatch(/49151|"deep"/);
    });
});

describe('a schema with control characters', () => {
    const bad = '\u001b[2J\n\u202e';

    it('is told in a log line where nothing has an effect', async () => {
        const lines = collectLog();
        log.setLevel(log.LEVELS.INFO);
        run.freshDataset({ type: 'object', [`requird${bad}`]: ['a'] });
        await run.open();
        expect(lines.join('')).toContain(String.raw`requird\u001b[2J\n\u202e`);
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    });

    it('is told in an error in which nothing has an effect', async () => {
        run.freshDataset();
        const schema = { type: 'object', properties: { [bad]: { type: 'any' } } };
        await expect(run.open({ schema })).rejects.toThrow(/^[^\p{Cc}\p{Cf}]+$/u);
    });
});

describe('the token of the run', () => {
    it('is in no log line, whatever the message of an error says', async () => {
        const lines = collectLog();
        log.setLevel(log.LEVELS.INFO);
        run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
        const guard = await run.open({
            identify: () => {
                throw new Error(`refused for ${run.server.token}`);
            },
        });
        await guard.pushData({ n: 'bad' });
        await guard.close();
        expect(lines.join('\n')).toContain('The option "identify" failed: Error: refused for ***');
        expect(lines.join('\n')).not.toContain(run.server.token);
    });

    it("is in no error, nor in its cause, whatever the platform's message says", async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ack: 'stored' });
        const message = `refused for ${run.server.token} at https://joe:secret@example.com/?token=abcdef`;
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1, fault: { status: 403, message } });
        const error: unknown = await guard.pushData({ n: 1 }).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'DELIVERY', cause: { name: 'ApifyApiError', statusCode: 403 } });
        const printed = inspect(error, { depth: 9, showHidden: true });
        expect(printed).toContain('refused for *** at https://example.com/?token=***');
        expect(printed).not.toMatch(/joe|secret@|abcdef/);
        expect(printed).not.toContain(run.server.token);
        await guard.close();
    });

    it('is in no sample that was cut off within it', async () => {
        run.freshDataset({
            type: 'object',
            properties: { n: { type: 'number' } },
            additionalProperties: { type: 'number' },
        });
        const guard = await run.open();
        const token = String(run.server.token);
        for (let length = 190; length < 199; length++) {
            await guard.pushData({ n: `${'x'.repeat(length - token.length / 2)}${token}` });
            await guard.pushData({ [`${'k'.repeat(length - token.length / 2)}${token}`]: 'x' });
        }
        await guard.close();
        expect(guard.report().reasons).toHaveLength(2);
        expect(JSON.stringify(guard.report())).not.toContain(token.slice(0, 6));
    });
});

describe('credentials in names of properties that only the data knows', () => {
    it('are in no row of the report, neither among the fields nor among the repairs', async () => {
        run.freshDataset({
            type: 'object',
            properties: { n: { type: 'number' } },
            additionalProperties: { type: 'number' },
        });
        const guard = await run.open({ repair: 'prune' });
        const url = 'https://joe:secret@example.com/';
        for (let n = 0; n < 10; n++)
            await guard.pushData({ n, [url]: 1, [`${url}${n}`]: 'x', apify_api_0123456789abcdef: 2 });
        await guard.close();
        const { repairs, fields } = guard.report();
        expect(JSON.stringify([repairs, fields])).not.toMatch(/secret|0123456789/);
        expect(repairs[0]).toMatchObject({ path: '/https:~1~1example.com~10', count: 1 });
        expect(fields.map(({ path }) => path)).toEqual(['/n', '/*', '/https:~1~1example.com~1', '/***']);
    });
});

describe('identify that throws', () => {
    it('is said once with its place, counted, and costs nothing but the name', async () => {
        const lines = collectLog();
        run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
        const guard = await run.open({
            identify: () => {
                throw new Error('no name');
            },
        });
        await guard.pushData([{ n: 'bad' }, { n: 'worse' }, { n: 1 }]);
        await guard.close();
        const said = lines.filter((line) => line.startsWith('The option "identify" failed'));
        expect(said).toHaveLength(2);
        expect(said[0]).toMatch(
            /: Error: no name at test\/dataset-guard\.secrets\.test\.ts:\d+:\d+\. Samples go without/,
        );
        expect(said[1]).toBe('The option "identify" failed 2 times in all.');
        expect(guard.report()).toMatchObject({ storedItems: 1, quarantinedItems: 2 });
    });
});

describe('identify that returns what is no name', () => {
    it.each<[what: string, identify: (item: any) => any]>([
        ['a promise, whose value comes too late', async () => 'x'],
        ['an object', () => ({})],
        ['an array', () => []],
        ['a boolean', () => true],
    ])('is told so: %s', async (what, identify) => {
        const lines = collectLog();
        run.freshDataset({ type: 'object', properties: { n: { type: 'number' } } });
        const guard = await run.open({ identify });
        await guard.pushData({ n: 'bad' });
        await guard.close();
        expect(lines).toContainEqual(
            `The option "identify" failed: TypeError: expected text from identify, but got: ${what}. ` +
                'Samples go without the name of the item. Further errors of it are counted.',
        );
    });
});

describe('credentials in names of properties that fail', () => {
    it('are nowhere in the report', async () => {
        run.freshDataset({ type: 'object', additionalProperties: { type: 'number' } });
        const guard = await run.open();
        await guard.pushData({ 'https://joe:secret@example.com/': 'x', [String(run.server.token)]: 'y' });
        await guard.close();
        const report = guard.report();
        expect(report.quarantinedItems).toBe(1);
        expect(JSON.stringify(report)).not.toContain('secret');
        expect(JSON.stringify(report)).not.toContain(run.server.token);
    });
});

describe('credentials in the address of a request', () => {
    it('are in no quarantine record', async () => {
        const { requestInfoOf } = await import('../src/crawlee/guard-handle.js');
        const info = requestInfoOf({
            url: 'https://joe:secret@example.com/?token=abcdef',
            loadedUrl: `https://example.com/?t=${run.server.token}`,
            retryCount: 0,
        } as never);
        expect(info).toMatchObject({ url: 'https://example.com/?token=***', loadedUrl: 'https://example.com/?t=***' });
    });

    it('and its label are cut in a record, which stays small whatever links a page has', async () => {
        const id = run.freshDataset({ type: 'object', required: ['n'] });
        const guard = await run.open();
        const url = `https://joe:secret@example.com/${'ü'.repeat(300_000)}`;
        const request = { url, loadedUrl: url, label: url, retryCount: 0 };
        await guard.handler(async ({ pushData }) => pushData({}))({
            request,
            crawler: {},
            pushData: async () => {},
        } as never);
        await guard.flush();
        const [record] = run.quarantined(id);
        expect(record!.request!.url).toMatch(/^https:\/\/example\.com\/ü+…$/);
        expect(record!.request!.label).toMatch(/^https:\/\/example\.com\/ü+…$/);
        expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(64 * 1024);
    });
});

describe('identify', () => {
    it.each([[{ identify: 'url' }, 'identify']])('refuses %o when the guard is opened', async (options, option) => {
        run.freshDataset(null);
        await expect(run.open(options as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS', option });
    });
});
