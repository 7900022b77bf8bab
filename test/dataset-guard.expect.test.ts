import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { DatasetGuardOptions, GuardReport } from '../src/index.js';
import { emitEvent, openInNextProcess, openQuickly } from './lifecycle/support/run-events.js';
import { collectLog } from './report/support/log-lines.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, price: { type: ['number', 'null'], title: 'Price' } },
};
const REPORT = 'DATASET-GUARD-REPORT';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => {
    await run.reset();
    run.server.records().clear();
});
afterAll(async () => run.stop());

const page = () => run.server.records().get(`${REPORT}-HTML`)!.value.toString();
const saved = (): GuardReport => JSON.parse(run.server.records().get(REPORT)!.value.toString());
const movies = (count: number, price: (n: number) => unknown = (n) => n) =>
    Array.from({ length: count }, (_, n) => ({ title: `Movie ${n}`, price: price(n) }));

/** Pushes items through a guard with these expectations, and closes it. */
async function closed(options: DatasetGuardOptions<any>, items: unknown[]): Promise<GuardReport> {
    run.freshDataset(FIELDS);
    const guard = await run.open(options);
    await guard.pushData(items as any[]);
    return guard.close();
}

describe('the verdict', () => {
    it('is passed where all expectations are met, and has nothing to say', async () => {
        const expectations = { minItems: 3, filled: { 'price': 0.5, '/title': 1 }, maxQuarantined: 0.25 };
        const { verdict } = await closed({ expect: expectations }, [...movies(3), { title: 1 }]);
        expect(verdict).toEqual({ outcome: 'passed', unmet: [] });
    });

    it('is warned where one is unmet: log, report and page say which, in words', async () => {
        const lines = collectLog();
        const items = movies(10, (n) => (n < 4 ? null : n));
        const { verdict } = await closed({ expect: { filled: { price: 0.95 }, minItems: 1_000 } }, items);
        const price = 'price is filled in 60 % of items; expected at least 95 %';
        const count = 'only 10 items stored; expected at least 1,000';
        expect(verdict).toEqual({
            outcome: 'warned',
            unmet: [
                { expectation: 'minItems', expected: 1_000, actual: 10, message: count },
                { expectation: 'filled.price', expected: 0.95, actual: 0.6, message: price },
            ],
        });
        expect(saved().verdict).toEqual(verdict);
        expect(lines.at(-1)).toMatch(
            /^Warning: only 10 items stored; expected at least 1,000\. Stored all 10 items\. /,
        );
        for (const words of [price, count]) expect(page()).toContain(words);
    });

    it.each<[string, (guard: Awaited<ReturnType<PlatformRun['open']>>) => Promise<unknown>]>([
        ['while the run goes on', async (guard) => guard.flush()],
        ['at a migration', async () => emitEvent('migrating', { timeRemainingSecs: 5 })],
        [
            'after an abort',
            async (guard) => {
                await emitEvent('aborting', { timeRemainingSecs: 5 });
                await guard.close();
            },
        ],
    ])('stays open %s', async (_when, happen) => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ expect: { minItems: 5, otherwise: 'fail' } });
        await guard.pushData(movies(1));
        await happen(guard);
        expect(guard.report().verdict).toEqual({ outcome: 'open', unmet: [] });
    });

    it('counts what earlier processes of the run have stored', async () => {
        run.freshDataset(FIELDS);
        const options = { expect: { minItems: 6, filled: { price: 0.5 } } };
        const before = await openQuickly(options);
        await before.pushData(movies(5));
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        expect(saved()).toMatchObject({ storedItems: 5, fields: [{ filledItems: 5 }, { filledItems: 5 }] });
        const after = await openInNextProcess(options);
        await after.pushData(movies(5, () => null));
        const report = await after.close();
        expect(report.verdict).toEqual({ outcome: 'passed', unmet: [] });
        expect(report.fields[1]).toMatchObject({ path: '/price', totalItems: 10, filledItems: 5, nullItems: 5 });
        await before.close();
    });

    it('is a warning where nothing came to the default dataset, unless 0 items were expected', async () => {
        const lines = collectLog();
        const nothing = "nothing came to the run's default dataset";
        expect((await closed({}, [])).verdict.unmet.map(({ message }) => message)).toEqual([nothing]);
        expect(lines.at(-1)).toMatch(/^No items were received\. Report: /);
        expect((await closed({ expect: { minItems: 0 } }, [])).verdict.outcome).toBe('passed');
        run.freshDataset(FIELDS);
        const other = await run.open({ dataset: `other-${Date.now()}`, schema: FIELDS });
        expect((await other.close()).verdict.outcome).toBe('passed');
    });

    it('is a warning where more items are in quarantine than stored', async () => {
        const { verdict } = await closed({}, [{ title: 'Alien' }, {}, {}]);
        expect(verdict.outcome).toBe('warned');
        expect(verdict.unmet[0]!.message).toBe('2 items are in quarantine, but only 1 item stored');
    });
});

describe('a function as expect', () => {
    it('is asked once, at the end, and may name fields that nobody knew of before', async () => {
        let asked = 0;
        let expected = 1;
        const options = {
            expect: () => {
                asked++;
                return { minItems: expected, filled: { rare: 1 } };
            },
        };
        run.freshDataset(FIELDS);
        const guard = await run.open(options);
        await guard.pushData([...movies(500), { title: 'Alien', rare: 1 }]);
        await guard.flush();
        expected = 600;
        expect(asked).toBe(0);
        const { verdict, fields } = await guard.close();
        expect(asked).toBe(1);
        expect(verdict.unmet.map(({ expectation, actual }) => [expectation, actual])).toEqual([
            ['minItems', 501],
            ['filled.rare', 1 / 501],
        ]);
        expect(fields.at(-1)).toMatchObject({ path: '/rare', totalItems: 501, filledItems: 1, missingItems: 500 });
    });

    it.each<[string, () => any, RegExp]>([
        [
            'throws',
            () => {
                throw new Error('No plan.');
            },
            /^the option expect cannot be read: No plan\.$/,
        ],
        ['returns a promise', async () => ({}), /a function that returns an object at once, but got: a promise/],
        ['returns what is no expectation', () => ({ minItem: 1 }), /Unknown option "expect\.minItem"/],
    ])('is unmet where it %s', async (_what, ask, message) => {
        const { verdict } = await closed({ expect: ask }, movies(1));
        expect(verdict).toMatchObject({
            outcome: 'warned',
            unmet: [{ expectation: 'expect', message: expect.stringMatching(message) }],
        });
    });
});

describe('expectations that are wrong', () => {
    it.each([
        [{ filled: { price: 95 } }, 'expect.filled.price', /a share from 0 to 1 \(0\.95 for 95 %\), but got: 95/],
        [{ otherwise: 'stop' }, 'expect.otherwise', /'warn' or 'fail', but got: "stop"/],
    ])('are refused when the guard is opened: %j', async (given, option, message) => {
        run.freshDataset(FIELDS);
        await expect(run.open({ expect: given as never })).rejects.toMatchObject({
            code: 'INVALID_OPTIONS',
            option,
            message: expect.stringMatching(message),
        });
    });
});

describe("mode: 'warn'", () => {
    it('counts what is stored against the schema, and never calls it rejected', async () => {
        const lines = collectLog();
        run.freshDataset(null);
        const guard = await run.open({ mode: 'warn', schema: FIELDS });
        await guard.pushData([...movies(333), ...movies(167, () => 'much')]);
        const report = await guard.close();
        expect(report).toMatchObject({ storedItems: 500, warnedItems: 167, quarantinedItems: 0 });
        expect(report.fields[1]).toMatchObject({
            path: '/price',
            failedItems: 167,
            types: { number: 333, string: 167 },
        });
        expect(lines).toContain('Against the schema: /price must be a number or null. Counted from now on.');
        expect(lines.at(-1)).toMatch(
            /^Stored all 500 items; 167 of them against the schema, most often \/price must be a number or null\. Report: /,
        );
        expect(page()).toContain('500 items stored, 167 of them against the schema');
        expect(lines.join('\n')).not.toMatch(/reject|quarantine/i);
        expect(page()).not.toMatch(/rejected by the guard|in quarantine/i);
    });

    it('counts an item that the platform rejects as quarantined, not as warned', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'warn' });
        await guard.pushData([...movies(2), { title: 5 }] as any[]);
        expect(await guard.close()).toMatchObject({ storedItems: 2, warnedItems: 0, quarantinedItems: 1 });
    });

    it('counts across processes, also items that an earlier one left', async () => {
        const id = run.freshDataset(null);
        const options: DatasetGuardOptions<any> = { mode: 'warn', schema: FIELDS };
        const before = await openQuickly(options);
        await before.pushData([{ title: 1 }, { title: 'Alien' }]);
        await before.flush();
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        await before.pushData([
            { title: 2, price: 1 },
            { title: 'Brazil', price: 2 },
        ]);
        await emitEvent('migrating', { timeRemainingSecs: 1 });
        run.server.faults.clear();
        const after = await openInNextProcess(options);
        const report = await after.close();
        expect(report).toMatchObject({ storedItems: 4, warnedItems: 2 });
        expect(report.fields).toMatchObject([
            { path: '/title', totalItems: 4, filledItems: 4, types: { string: 2, number: 2 } },
            { path: '/price', totalItems: 4, filledItems: 2, missingItems: 2 },
        ]);
        await before.close();
    });
});

describe('the report of a run that goes on', () => {
    it('says "so far" with each persistState, and has no end', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData(movies(3));
        await emitEvent('persistState', { isMigrating: false });
        await expect.poll(() => run.server.records().has(`${REPORT}-HTML`)).toBe(true);
        expect(page()).toContain('<h1>3 items stored so far</h1>');
        expect(saved()).toMatchObject({ storedItems: 3, verdict: { outcome: 'open' } });
        expect(saved().finishedAt).toBeUndefined();
        const report = await guard.close();
        expect(report.finishedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
        expect(page()).toContain('<h1>3 items stored</h1>');
    });

    it('tells of whom it is: dataset, run, quarantine once there is one, and schema', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        const { runId } = run.server.ids;
        expect(guard.report()).toMatchObject({ datasetId: id, runId, schema: { source: `dataset ${id}` } });
        expect(guard.report().schema).toHaveProperty('hash', expect.stringMatching(/^[0-9a-f]{64}$/));
        expect(guard.report().quarantineId).toBeUndefined();
        await guard.pushData({});
        await guard.flush();
        expect(guard.report().quarantineId).toBe(run.server.dataset('tester-my-actor-quarantine')!.id);
        const unchecked = await run.open({ schema: false, dataset: 'unchecked' });
        expect(unchecked.report().schema).toEqual({ none: 'options.schema is false' });
    });
});

describe('a run that goes on after an exit that did not end it', () => {
    it('is open again', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ expect: { minItems: 5 } });
        await guard.pushData(movies(1));
        await Actor.exit({ exit: false });
        expect(saved().verdict.outcome).toBe('warned');
        await Actor.init({ gracefulShutdown: false });
        expect(guard.report().verdict.outcome).toBe('open');
        expect(guard.report().finishedAt).toBeUndefined();
    });
});
