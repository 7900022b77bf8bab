import { Actor } from 'apify';
import { BasicCrawler } from '@crawlee/basic';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { collectLog } from '../report/support/log-lines.js';
import { isPush, itemsOf } from '../support/platform-faults.js';
import type { PlatformRun } from '../support/platform-run.js';
import { accountedItems, startPlatformRun } from '../support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const TIMES = { listingLagMillis: 200, firstRetryDelayMillis: 5, maxRetries: 1 };
const STORED = { flushIntervalMillis: 600_000, ack: 'stored' as const };
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** From the first item with this number on, the platform stores nothing. */
function refuseFrom(datasetId: string, number: number, fault: { status: number }): () => void {
    return run.server.faults.use((call) =>
        isPush(call, datasetId) && itemsOf(call).some(({ n }) => n >= number) ? fault : undefined,
    );
}

const failureOf = async (push: Promise<unknown>): Promise<any> =>
    push.then(
        () => undefined,
        (error: unknown) => error,
    );

describe('a call that waits until its items are stored, and fails half way', () => {
    it.each([403, 503])('says exactly which of its items are stored, after a %i', async (status) => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ...STORED, maxPayloadBytes: 2_000 }, TIMES);
        const stop = refuseFrom(id, 150, { status });
        const items = range(0, 300).map((n) => ({ n, text: 'x'.repeat(10) }));
        const error = await failureOf(guard.pushData(items));
        expect(error).toMatchObject({ code: 'DELIVERY' });
        const stored = run.server.items(id).map(({ n }) => n);
        expect(stored.length).toBeGreaterThan(0);
        expect(stored.length).toBeLessThan(150);
        expect(error).toMatchObject({ storedItems: stored.length, unstored: range(stored.length, 300) });
        // Whoever reads no more than the message must not push again what is there.
        expect(error.message).toContain(String(stored.length));
        stop();
        await guard.pushData(error.unstored.map((position: number) => items[position]));
        expect(run.server.items(id)).toEqual(items);
    });

    it('counts neither what is in quarantine nor what is stored among the unstored positions', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...STORED, maxPayloadBytes: 1_024 }, TIMES);
        const stop = refuseFrom(id, 30, { status: 403 });
        const items = range(0, 60).map((n) => ({ n: n === 3 || n === 50 ? `bad ${n}` : n, text: 'x'.repeat(100) }));
        const error = await failureOf(guard.pushData(items));
        stop();
        const stored = run.server.items(id).map(({ n }) => n as number);
        const quarantined = run.quarantined(id).map(({ itemPosition }) => itemPosition);
        expect(error).toMatchObject({ storedItems: stored.length });
        expect(error.unstored).toEqual(range(0, 60).filter((n) => !stored.includes(n) && !quarantined.includes(n)));
        const result = await guard.pushData(error.unstored.map((position: number) => items[position]));
        expect(result.acceptedItems + stored.length).toBe(58);
        await guard.flush();
        expect(run.server.items(id)).toHaveLength(58);
        expect(
            run
                .quarantined(id)
                .map(({ item }) => item!.n)
                .toSorted(),
        ).toEqual(['bad 3', 'bad 50']);
    });

    it('leaves books that balance', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...STORED, maxPayloadBytes: 1_024 }, TIMES);
        const stop = refuseFrom(id, 30, { status: 403 });
        await failureOf(guard.pushData(range(0, 60).map((n) => ({ n: n === 3 ? 'bad' : n, text: 'x'.repeat(100) }))));
        stop();
        const report = guard.report();
        expect(report).toMatchObject({ receivedItems: 60, storedItems: run.server.items(id).length, pendingItems: 0 });
        expect(accountedItems(report)).toBe(60);
    });
});

describe('items that are given back and pushed again', () => {
    it('count once for the tolerance', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...STORED, tolerance: { maxItems: 1 } }, TIMES);
        const quarantineIsClosed = run.server.faults.use(({ method, path }) => {
            if (method === 'POST' && /\/v2\/datasets(\/(?!ds)[^/]+\/items)?$/.test(path)) return { status: 403 };
            return path.includes('DATASET-GUARD-QUARANTINE-') ? { status: 403 } : undefined;
        });
        const call = [{ n: 1 }, { n: 'bad' }];
        expect(await failureOf(guard.pushData(call[1]!))).toMatchObject({ code: 'QUARANTINE' });
        quarantineIsClosed();
        expect(await guard.pushData(call[1]!)).toMatchObject({ quarantinedItems: 1 });
        expect(await guard.pushData(call[0]!)).toMatchObject({ acceptedItems: 1 });
        expect(run.quarantined(id)).toHaveLength(1);
    });

    it('of a call with bad items count once for the share of bad items', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...STORED, tolerance: { maxRatio: 0.5, minItems: 4 } }, TIMES);
        const stop = refuseFrom(id, 0, { status: 403 });
        const call = [{ n: 1 }, { n: 2 }, { n: 'bad' }, { n: 'worse' }];
        const quarantineIsClosed = run.server.faults.use(({ method, path }) => {
            if (method === 'POST' && /\/v2\/datasets(\/(?!ds)[^/]+\/items)?$/.test(path)) return { status: 403 };
            return path.includes('DATASET-GUARD-QUARANTINE-') ? { status: 403 } : undefined;
        });
        for (let attempt = 0; attempt < 2; attempt++) {
            expect(['DELIVERY', 'QUARANTINE']).toContain((await failureOf(guard.pushData(call))).code);
        }
        stop();
        quarantineIsClosed();
        expect(await guard.pushData(call)).toMatchObject({ acceptedItems: 2, quarantinedItems: 2 });
    });
});

describe('an installed guard beside another that is closed', () => {
    it('takes the pushes, and nobody says that the guard is closed', async () => {
        const id = run.freshDataset(FIELDS);
        const lines = collectLog();
        const [closed, open] = [await run.open(STORED, TIMES), await run.open(STORED, TIMES)];
        for (const guard of [closed, open]) {
            guard.install();
            onTestFinished(() => guard.uninstall());
        }
        await closed.close();
        await Actor.pushData([{ n: 1 }, { n: 'bad' }]);
        await new BasicCrawler().pushData({ n: 2 });
        expect(run.server.items(id).map(({ n }) => n)).toEqual([1, 2]);
        expect(open.report()).toMatchObject({ receivedItems: 3, storedItems: 2, quarantinedItems: 1 });
        expect(lines.filter((line) => /closed/i.test(line))).toEqual([]);
    });
});
