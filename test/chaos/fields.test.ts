import { Actor } from 'apify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { GuardReport } from '../../src/index.js';
import { emitEvent, openInNextProcess, openQuickly } from '../lifecycle/support/run-events.js';
import { expectRows } from '../quality/support-count.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { CHAOS_LAGS, CHAOS_TUNING, RandomFaults } from './support/random-faults.js';
import { Random, SEED } from './support/random.js';

const OPTIONS = { maxPayloadBytes: 20_000, maxBufferedBytes: 80_000, flushIntervalMillis: 100 };
const SHOWN_FIELDS = {
    type: 'object',
    required: ['id'],
    properties: {
        id: { type: 'string' },
        price: { type: ['number', 'null'] },
        offers: { type: 'array', items: { type: 'object', properties: { seller: { type: 'string' } } } },
    },
};
const ENFORCED_FIELDS = {
    ...SHOWN_FIELDS,
    properties: { ...SHOWN_FIELDS.properties, stock: { type: 'integer', minimum: 0 } },
};

/** An item of which some members are missing, null or empty, and few fail. */
function makeItem(random: Random, n: number): Record<string, unknown> {
    const offers = Array.from({ length: random.integer(0, 3) }, () =>
        random.pick([{ seller: 'x' }, { seller: '' }, {}]),
    );
    return {
        id: `item-${n}`,
        price: random.weighted<unknown>([
            [6, n],
            [2, null],
            [2, undefined],
            [0.03, 'free'],
        ]),
        stock: random.chance(0.002) ? -1 : 1,
        ...(random.chance(0.8) && { offers }),
        note: random.pick(['', 'plain', null]),
        text: 'x'.repeat(random.integer(0, 200)),
    };
}

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun(CHAOS_LAGS);
});
afterAll(async () => run.stop());

describe('with every fault at random', () => {
    it(
        'fields equal a count of the stored items, also in a next process of the run',
        { timeout: 240_000 },
        async () => {
            const random = new Random(SEED);
            const id = run.freshDataset(SHOWN_FIELDS, { enforcedFields: ENFORCED_FIELDS });
            const faults = new RandomFaults(run.server, new Random(SEED + 1), false);
            const options = { ...OPTIONS, dataset: await Actor.openDataset() };
            let guard = await openQuickly(options, CHAOS_TUNING);
            const push = async (from: number, to: number) => {
                for (let n = from; n < to;) {
                    const size = Math.min(to - n, random.integer(1, 40));
                    const call = Array.from({ length: size }, (_, index) => makeItem(random, n + index));
                    for (let rest = call; rest.length > 0;) {
                        try {
                            await guard.pushData(rest);
                            break;
                        } catch (error) {
                            const { unstored } = error as { unstored: number[] };
                            rest = unstored.map((position) => rest[position]!);
                            await guard.flush().catch(() => undefined);
                        }
                    }
                    n += size;
                }
            };
            await push(0, 1_500);
            // This process lives on, so it must have nothing to send that the next one would send, too.
            faults.isCalm = true;
            await guard.flush();
            await emitEvent('migrating', { timeRemainingSecs: 5 });
            faults.isCalm = false;
            guard = await openInNextProcess(options, CHAOS_TUNING);
            await push(1_500, 3_000);
            faults.isCalm = true;
            const report: GuardReport = await guard.close();

            const stored = run.server.items<{ id?: string }>(id).filter((item) => item.id !== undefined);
            expect(report.storedItems, `CHAOS_SEED=${SEED}`).toBe(stored.length);
            expect(report.fields.map(({ path }) => path)).toEqual([
                '/id',
                '/price',
                '/offers',
                '/offers/*',
                '/offers/*/seller',
                '/stock',
                '/note',
                '/text',
            ]);
            expectRows(report.fields, stored);
            expect(faults.struck.size).toBeGreaterThan(10);
        },
    );
});
