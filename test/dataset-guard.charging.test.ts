import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ApiServerOptions, ChargeEntry } from './support/api-server.js';
import { startApiServer } from './support/api-server.js';
import { platformEnv } from './support/platform-env.js';
import { runScript } from './support/run-script.js';

type Call = [data: unknown, eventName?: string];
interface Plan {
    entryPoint: 'Actor' | 'guard';
    calls: Call[];
    options?: Record<string, unknown>;
    /** Whether the calls are made all at once. */
    atOnce?: boolean;
}

/** Pay per event is loaded when the SDK starts, so that each budget needs a process of its own. */
const SCRIPT = `
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
const { entryPoint, calls, options, atOnce } = JSON.parse(process.argv[2]);
const guard = entryPoint === 'guard' ? await DatasetGuard.open(options) : undefined;
const push = async ([data, eventName]) =>
    (guard === undefined ? Actor.pushData(data, eventName) : guard.pushData(data, eventName)).catch((error) => ({ error: error.message }));
const results = [];
if (atOnce) results.push(...(await Promise.all(calls.map(push))));
else for (const call of calls) results.push(await push(call));
const manager = Actor.getChargingManager();
const counts = Object.fromEntries(['movie', 'apify-default-dataset-item'].map((name) => [name, manager.getChargedEventCount(name)]));
const stored = (await (await Actor.openDataset()).getData()).items;
console.log('OUTCOME ' + JSON.stringify({ results, counts, stored, report: guard?.report() }));
await Actor.exit();
`;

const SYNTHETIC = 'apify-default-dataset-item';
const event = (eventPriceUsd: number) => ({ eventTitle: 'Title', eventPriceUsd });
const NUMBER = { type: 'object', properties: { n: { type: 'number' } } };
const items = (count: number, from = 0) => Array.from({ length: count }, (_, n) => ({ n: from + n }));

async function onPlatform(plan: Plan, options: ApiServerOptions) {
    const server = await startApiServer(options);
    onTestFinished(async () => server.close());
    return { ...(await outcomeOf(plan, platformEnv(server))), charges: server.charges, run: server.run, server };
}

async function onThisMachine(plan: Plan, maxTotalChargeUsd: number) {
    const folder = await mkdtemp(join(tmpdir(), 'guard-charging-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const env = {
        CRAWLEE_STORAGE_DIR: folder,
        ACTOR_TEST_PAY_PER_EVENT: '1',
        ACTOR_MAX_TOTAL_CHARGE_USD: String(maxTotalChargeUsd),
    };
    return outcomeOf(plan, env, folder);
}

async function outcomeOf(plan: Plan, env: Record<string, string>, cwd?: string): Promise<any> {
    const { stdout, stderr } = await runScript(SCRIPT, { env, cwd, args: [JSON.stringify(plan)] });
    const outcome = /^OUTCOME (.*)$/m.exec(stdout)?.[1];
    if (outcome === undefined) throw new Error(`The script printed no outcome.\n${stdout}${stderr}`);
    return JSON.parse(outcome);
}

const charged = ({ eventChargeLimitReached, chargedCount, chargeableWithinLimit }: any) => ({
    eventChargeLimitReached,
    chargedCount,
    chargeableWithinLimit,
});

describe('a run that is paid per event', () => {
    it('charges for a repaired item as for any other, and trims to the budget after the repair', async () => {
        const calls: Call[] = [
            [[{ n: '0' }, { n: 'x' }, { n: 1 }], 'movie'],
            [[{ n: '2' }, { n: 3 }], 'movie'],
        ];
        const options = { repair: { coerce: true }, schema: NUMBER };
        const { stored, counts, results, report } = await onPlatform(
            { entryPoint: 'guard', calls, options },
            { run: { chargeEvents: { movie: event(0.5) }, maxTotalChargeUsd: 1.5 } },
        );
        expect(stored).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
        expect(counts.movie).toBe(3);
        expect(results).toMatchObject([
            { acceptedItems: 2, repairedItems: 1, quarantinedItems: 1 },
            { acceptedItems: 1, repairedItems: 1, trimmedItems: 1 },
        ]);
        expect(report).toMatchObject({ storedItems: 3, repairedItems: 2, quarantinedItems: 1, trimmedItems: 1 });
    });

    const scenarios: [what: string, chargeEvents: any, maxTotalChargeUsd: number | undefined, calls: Call[]][] = [
        [
            'an event of its own, up to the budget and beyond',
            { movie: event(0.5) },
            2,
            [
                [items(1), 'movie'],
                [{ n: 1 }],
                [items(4, 2), 'movie'],
                [items(2, 6), 'movie'],
                [{ n: 8 }, 'movie'],
                [{ n: 9 }],
            ],
        ],
        [
            'the synthetic event',
            { [SYNTHETIC]: event(0.1) },
            0.55,
            [[items(2)], [items(6, 2)], [{ n: 8 }], [{ n: 9 }], [items(3, 10)]],
        ],
        [
            'both events',
            { movie: event(0.5), [SYNTHETIC]: event(0.1) },
            2,
            [
                [{ n: 0 }, 'movie'],
                [{ n: 1 }],
                [{ n: 2 }, 'movie'],
                [items(4, 3), 'movie'],
                [items(3, 7)],
                [{ n: 10 }, 'movie'],
            ],
        ],
        [
            'a budget that the second of two events uses up',
            { movie: event(0.5), [SYNTHETIC]: event(0.1) },
            1,
            [[{ n: 0 }, 'movie'], [{ n: 1 }, 'movie'], [{ n: 2 }]],
        ],
        [
            'no budget',
            { movie: event(0.5), [SYNTHETIC]: event(0.1) },
            undefined,
            [[items(3), 'movie'], [items(3)], [[]]],
        ],
        [
            'an event that has no price',
            { movie: event(1) },
            3,
            [[items(2), 'unknown'], [items(2)], [items(2), 'movie']],
        ],
    ];
    it.each(scenarios)(
        'charges and answers as Actor.pushData does: %s',
        async (_, chargeEvents, maxTotalChargeUsd, calls) => {
            const options = { run: { chargeEvents, maxTotalChargeUsd } };
            const [actor, guard] = await Promise.all([
                onPlatform({ entryPoint: 'Actor', calls }, options),
                onPlatform({ entryPoint: 'guard', calls }, options),
            ]);
            expect(guard.results.map(charged)).toEqual(actor.results.map(charged));
            expect(guard.stored).toEqual(actor.stored);
            expect(guard.counts).toEqual(actor.counts);
            expect(guard.run.chargedEventCounts).toEqual(actor.run.chargedEventCounts);
            const summed = (charges: readonly ChargeEntry[]) =>
                charges.map(({ eventName, count }) => [eventName, count]);
            expect(summed(guard.charges)).toEqual(summed(actor.charges));

            const pushed = calls.flatMap(([data]) => data).length;
            expect(guard.report).toMatchObject({
                receivedItems: pushed,
                storedItems: guard.stored.length,
                trimmedItems: pushed - guard.stored.length,
                quarantinedItems: 0,
            });
            const trimmed = guard.results.reduce((sum: number, { trimmedItems }: any) => sum + trimmedItems, 0);
            expect(trimmed).toBe(guard.report.trimmedItems);
        },
    );

    it.each([
        [SYNTHETIC, 3],
        ['movie', 6],
    ])('never charges for quarantined items, and gives their place to those behind: %s', async (name, chargedCount) => {
        const data = [{ n: 0 }, { n: 'bad' }, null, { n: 1 }, { n: 2 }, { n: 'bad' }, { n: 3 }];
        const calls: Call[] = [name === SYNTHETIC ? [data] : [data, name]];
        const { results, stored, report, counts } = await onPlatform(
            { entryPoint: 'guard', calls },
            {
                dataset: { schema: { fields: NUMBER } },
                run: { chargeEvents: { [name]: event(1) }, maxTotalChargeUsd: 3 },
            },
        );
        expect(stored).toEqual(items(3));
        // As the SDK counts: the synthetic event too, whether or not it has a price.
        expect(results[0]).toMatchObject({ chargedCount, acceptedItems: 3, quarantinedItems: 3, trimmedItems: 1 });
        expect(results[0].eventChargeLimitReached).toBe(true);
        expect(report).toMatchObject({ receivedItems: 7, storedItems: 3, quarantinedItems: 3, trimmedItems: 1 });
        expect(counts[name]).toBe(3);
    });

    it('gives the place of what the platform rejects to those that were trimmed, before the call resolves', async () => {
        const calls: Call[] = [
            [[{ n: 'x' }, { n: 0 }, { n: 'x' }, { n: 1 }, { n: 'x' }, { n: 2 }, { n: 3 }, { n: 4 }], 'movie'],
        ];
        const { results, stored, report, charges, run } = await onPlatform(
            { entryPoint: 'guard', calls, options: { schema: false } },
            {
                dataset: { schema: { fields: NUMBER } },
                run: { chargeEvents: { movie: event(1) }, maxTotalChargeUsd: 4 },
            },
        );
        expect(stored).toEqual(items(4));
        expect(results[0]).toMatchObject({ chargedCount: 8, acceptedItems: 4, quarantinedItems: 3, trimmedItems: 1 });
        expect(report).toMatchObject({ receivedItems: 8, storedItems: 4, quarantinedItems: 3, trimmedItems: 1 });
        expect(charges).toMatchObject([{ eventName: 'movie', count: 4 }]);
        expect(run.chargedEventCounts).toEqual({ movie: 4 });
    });

    it('lets pushes that come all at once share requests while the budget is enough for all', async () => {
        const calls = Array.from({ length: 30 }, (_, n): Call => [items(3, n * 3), 'movie']);
        const options = { latencyMillis: 20, run: { chargeEvents: { movie: event(1) }, maxTotalChargeUsd: 100 } };
        const { results, stored, server, counts } = await onPlatform(
            { entryPoint: 'guard', calls, atOnce: true },
            options,
        );
        expect(results).toHaveLength(30);
        for (const result of results) expect(result).toMatchObject({ acceptedItems: 3, trimmedItems: 0 });
        expect(stored).toEqual(items(90));
        expect(counts.movie).toBe(90);
        expect(server.pushRequests().length).toBeLessThanOrEqual(3);
    });

    it('stays within the budget when pushes come all at once', async () => {
        const calls = Array.from({ length: 10 }, (_, n): Call => [items(3, n * 3), 'movie']);
        const options = { run: { chargeEvents: { movie: event(1) }, maxTotalChargeUsd: 7 } };
        const [inTurn, atOnce] = await Promise.all([
            onPlatform({ entryPoint: 'Actor', calls }, options),
            onPlatform({ entryPoint: 'guard', calls, atOnce: true }, options),
        ]);
        expect(atOnce.stored).toEqual(inTurn.stored);
        const told = ({ chargedCount, eventChargeLimitReached }: any) => ({ chargedCount, eventChargeLimitReached });
        expect(atOnce.results.map(told)).toEqual(inTurn.results.map(told));
        // Calls that share a request are charged together, and each then tells what is left after all of them.
        const left = (results: any[]) => results.map(({ chargeableWithinLimit }) => chargeableWithinLimit.movie ?? 0);
        for (const [index, count] of left(atOnce.results).entries()) {
            expect(count).toBeLessThanOrEqual(left(inTurn.results)[index]);
        }
        expect(atOnce.run.chargedEventCounts).toEqual(inTurn.run.chargedEventCounts);
        // One more than the budget, so that the platform sees the limit reached: the SDK's own rule.
        expect(atOnce.run.chargedEventCounts.movie).toBeLessThanOrEqual(8);
    });

    it('waits until the items are stored whatever `ack` says', async () => {
        const { results } = await onPlatform(
            { entryPoint: 'guard', calls: [[items(2), 'movie']], options: { ack: 'buffered' } },
            { run: { chargeEvents: { movie: event(1) } } },
        );
        expect(results[0]).toMatchObject({ acceptedItems: 2, chargedCount: 4 });
    });

    it('refuses to charge a synthetic event by hand, as the SDK does', async () => {
        const options = { run: { chargeEvents: { [SYNTHETIC]: event(1) }, maxTotalChargeUsd: 5 } };
        const { results, counts, stored } = await onPlatform(
            { entryPoint: 'guard', calls: [[{ n: 1 }, SYNTHETIC]] },
            options,
        );
        expect(results[0]).toEqual({ error: expect.stringContaining('synthetic event') });
        expect(counts[SYNTHETIC]).toBe(0);
        expect(stored).toEqual([]);
    });

    it('can be tried locally, with the same results as Actor.pushData', async () => {
        const calls: Call[] = [[items(2), 'movie'], [items(2, 2)], [items(5, 4), 'movie'], [{ n: 9 }, 'movie']];
        const [actor, guard] = await Promise.all([
            onThisMachine({ entryPoint: 'Actor', calls }, 5),
            onThisMachine({ entryPoint: 'guard', calls }, 5),
        ]);
        expect(guard.results.map(charged)).toEqual(actor.results.map(charged));
        expect(guard.stored).toEqual(actor.stored);
        expect(guard.counts).toEqual(actor.counts);
    });
});

describe('a charged push that waits for its turn', () => {
    const script = (body: string) => `
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
${body}
await Actor.exit();`;
    const run = { chargeEvents: { movie: event(1) }, maxTotalChargeUsd: 2 };

    it('stores the item as it was when it was pushed', async () => {
        const server = await startApiServer({ run });
        onTestFinished(async () => server.close());
        const { exitCode, stderr } = await runScript(
            script(`
const guard = await DatasetGuard.open();
const item = { n: 2 };
const pushes = [guard.pushData({ n: 1 }), guard.pushData(item)];
item.n = 99;
await Promise.all(pushes);`),
            { env: platformEnv(server) },
        );
        expect(exitCode, stderr).toBe(0);
        expect(server.items()).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('examines each item once, those that were trimmed at first included', async () => {
        const positive = { type: 'object', properties: { n: { type: 'number', minimum: 0 } } };
        const server = await startApiServer({ run, dataset: { schema: { fields: NUMBER }, enforcedFields: positive } });
        onTestFinished(async () => server.close());
        const { stdout, stderr } = await runScript(
            script(`
let repairs = 0;
const guard = await DatasetGuard.open({ repair: ({ n }) => { repairs++; return { n: Number(n) }; } });
const result = await guard.pushData([{ n: -1 }, { n: 1 }, { n: '2' }, { n: 3 }], 'movie');
console.log('REPAIRS ' + repairs);`),
            { env: platformEnv(server) },
        );
        expect(server.items(), stderr).toEqual([{ n: 1 }, { n: 2 }]);
        // Once here for '2', and once for -1, which the platform rejects.
        expect(stdout).toContain('REPAIRS 2\n');
    });
});
