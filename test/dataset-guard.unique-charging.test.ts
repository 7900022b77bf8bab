import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { startApiServer } from './support/api-server.js';
import { platformEnv } from './support/platform-env.js';
import { runScript } from './support/run-script.js';

type Item = { url?: string; n: unknown };

/** Pay per event is loaded when the SDK starts, so that each budget needs a process of its own. */
const SCRIPT = `
import { Actor } from 'apify';
import { DatasetGuard } from 'apify-dataset-guard';
await Actor.init();
const { calls, atOnce, options } = JSON.parse(process.argv[2]);
const guard = await DatasetGuard.open({ unique: 'url', ...options });
const push = (items) => guard.pushData(items, 'movie').catch((error) => ({ error: error.message }));
const results = [];
if (atOnce) results.push(...(await Promise.all(calls.map(push))));
else for (const call of calls) results.push(await push(call));
const charged = Actor.getChargingManager().getChargedEventCount('movie');
const stored = (await (await Actor.openDataset()).getData()).items;
console.log('OUTCOME ' + JSON.stringify({ results, charged, stored, report: guard.report() }));
await Actor.exit();
`;

const FIELDS = { type: 'object', properties: { n: { type: 'number' } } };
const PRICE_USD = 0.5;

interface Plan {
    calls: Item[][];
    /** How many items the user can pay. */
    budget: number;
    atOnce?: boolean;
    options?: object;
}

async function onPlatform({ budget, ...plan }: Plan) {
    const server = await startApiServer({
        dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
        run: {
            chargeEvents: { movie: { eventTitle: 'Movie', eventPriceUsd: PRICE_USD } },
            maxTotalChargeUsd: budget * PRICE_USD,
        },
    });
    onTestFinished(async () => server.close());
    const outcome = await outcomeOf(plan, platformEnv(server));
    const charges = server.charges.reduce((sum, { count }) => sum + count, 0);
    expect(charges).toBe(outcome.charged);
    return outcome;
}

async function onThisMachine({ budget, ...plan }: Plan) {
    const folder = await mkdtemp(join(tmpdir(), 'guard-unique-charging-'));
    onTestFinished(async () => rm(folder, { recursive: true, force: true }));
    const env = {
        CRAWLEE_STORAGE_DIR: folder,
        ACTOR_TEST_PAY_PER_EVENT: '1',
        // Locally every event costs a dollar.
        ACTOR_MAX_TOTAL_CHARGE_USD: String(budget),
    };
    return outcomeOf(plan, env, folder);
}

async function outcomeOf(plan: object, env: Record<string, string>, cwd?: string): Promise<any> {
    const { stdout, stderr } = await runScript(SCRIPT, { env, cwd, args: [JSON.stringify(plan)] });
    const outcome = /^OUTCOME (.*)$/m.exec(stdout)?.[1];
    if (outcome === undefined) throw new Error(`The script printed no outcome.\n${stdout}${stderr}`);
    return JSON.parse(outcome);
}

const numbers = (stored: Item[]) => stored.map(({ n }) => n);
const item = (url: string, n: unknown): Item => ({ url, n });

describe.each([
    ['on the platform', onPlatform],
    ['locally', onThisMachine],
])('duplicates in a run that is paid per event, %s', { timeout: 60_000 }, (_where, run) => {
    it('are not charged, and take no place in the budget', async () => {
        const { results, charged, stored, report } = await run({
            calls: [[item('a', 1), item('a', 2), item('b', 3), item('b', 4), item('c', 5), item('d', 6), item('a', 7)]],
            budget: 3,
        });
        expect(numbers(stored)).toEqual([1, 3, 5]);
        expect(charged).toBe(3);
        expect(results).toMatchObject([
            { acceptedItems: 3, duplicateItems: 3, trimmedItems: 1, eventChargeLimitReached: true },
        ]);
        expect(report).toMatchObject({ receivedItems: 7, storedItems: 3, duplicateItems: 3, trimmedItems: 1 });
    });

    it('are found though the budget is used up', async () => {
        const { results, charged, stored } = await run({
            calls: [[item('a', 1)], [item('a', 2), item('b', 3), item('a', 4), item('c', 5)]],
            budget: 1,
        });
        // Like the SDK, one more than nothing when the budget is used up to the cent.
        expect(numbers(stored)).toEqual([1, 3]);
        expect(charged).toBe(2);
        expect(results[1]).toMatchObject({ acceptedItems: 1, duplicateItems: 2, trimmedItems: 1 });
    });

    it('of calls at once are not charged', async () => {
        const { charged, stored, report } = await run({
            calls: Array.from({ length: 12 }, (_, n) => [item(`u${n % 4}`, n), item(`u${(n + 1) % 4}`, n + 100)]),
            budget: 30,
            atOnce: true,
        });
        expect(new Set(stored.map(({ url }: Item) => url)).size).toBe(4);
        expect(stored).toHaveLength(4);
        expect(charged).toBe(4);
        expect(report).toMatchObject({ receivedItems: 24, storedItems: 4, duplicateItems: 20, trimmedItems: 0 });
    });
});

describe('in a run that is paid per event, on the platform', { timeout: 60_000 }, () => {
    it('an item takes the place of a rejected one with its key, in the budget, too', async () => {
        const { results, charged, stored } = await onPlatform({
            calls: [[item('a', 'bad'), item('a', 2), item('b', 3), item('a', 4), item('c', 5)]],
            budget: 2,
            options: { schema: false },
        });
        expect(numbers(stored)).toEqual([3, 2]);
        expect(charged).toBe(2);
        expect(results).toMatchObject([{ acceptedItems: 2, quarantinedItems: 1, duplicateItems: 1, trimmedItems: 1 }]);
    });

    it('a duplicate of an item beyond the budget takes no place from a good one, once a place is free', async () => {
        const { charged, stored, report } = await onPlatform({
            calls: [[item('a', 'bad'), item('b', 'bad'), item('x', 3), item('x', 4), item('y', 5), item('z', 6)]],
            budget: 2,
            options: { schema: false },
        });
        expect(numbers(stored)).toEqual([3, 5]);
        expect(charged).toBe(2);
        expect(report).toMatchObject({ receivedItems: 6, storedItems: 2, quarantinedItems: 2, trimmedItems: 2 });
    });
});
