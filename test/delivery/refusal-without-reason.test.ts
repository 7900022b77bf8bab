import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { DeliveryError } from '../../src/index.js';
import { createGate, isPush, refuseWithoutReason, settlesWithin, WITHOUT_REASON } from '../support/platform-faults.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

const TIMES = { listingLagMillis: 200, firstRetryDelayMillis: 5, maxRetries: 2 };
const QUIET = { flushIntervalMillis: 600_000 };
/** The answer of a proxy in front of the API. */
const PROXY_PAGE = { status: 400, body: '<html><h1>400 Bad Request</h1></html>' };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const numbersIn = (datasetId: string) => run.server.items(datasetId).map(({ n }) => n);
const numbersInQuarantine = (datasetId: string) => run.quarantined(datasetId).map(({ item }) => item!.n);
const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe('items that the platform refuses without a reason', () => {
    it.each([
        ['two of a request', [3, 7]],
        ['two neighbours', [4, 5]],
        ['three of a request', [0, 4, 9]],
    ])('%s are quarantined, and the others are stored', async (_name, bad) => {
        const id = run.freshDataset(null);
        refuseWithoutReason(run.server, id, ({ n }) => bad.includes(n));
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(range(0, 10).map((n) => ({ n })));
        await settlesWithin(10_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual(range(0, 10).filter((n) => !bad.includes(n)));
        expect(sorted(numbersInQuarantine(id))).toEqual(bad);
        expect(run.quarantined(id)).toMatchObject(bad.map(() => ({ reason: 'rejected', rejectedBy: 'platform' })));
        expect(guard.report()).toMatchObject({ pendingItems: 0, quarantinedItems: bad.length });
    });

    it('two alone in their request are quarantined once another request is accepted', async () => {
        const id = run.freshDataset(null);
        refuseWithoutReason(run.server, id, ({ n }) => n < 0);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData([{ n: -1 }, { n: -2 }]);
        await expect(guard.flush()).rejects.toBeInstanceOf(DeliveryError);
        expect(numbersInQuarantine(id)).toEqual([]);
        await guard.pushData(range(0, 5).map((n) => ({ n })));
        await settlesWithin(10_000, 'flush()', guard.flush());
        expect(numbersIn(id)).toEqual(range(0, 5));
        expect(sorted(numbersInQuarantine(id))).toEqual([-2, -1]);
    });

    it('do not hold up the items that are pushed after them', async () => {
        const id = run.freshDataset(null);
        refuseWithoutReason(run.server, id, ({ n }) => n < 0);
        const guard = await run.open({ flushIntervalMillis: 0 }, TIMES);
        await guard.pushData([{ n: -1 }, { n: -2 }]);
        await expect.poll(() => run.server.pushRequests(id).length).toBeGreaterThan(0);
        for (let n = 0; n < 3; n++) await guard.pushData({ n });
        // No flush: the items that are refused wait at the end.
        await expect.poll(() => numbersIn(id), { timeout: 5_000 }).toEqual([0, 1, 2]);
        await expect.poll(() => sorted(numbersInQuarantine(id)), { timeout: 5_000 }).toEqual([-2, -1]);
    });

    it('that a push waits for are told as quarantined, when others were accepted meanwhile', async () => {
        const id = run.freshDataset(null);
        refuseWithoutReason(run.server, id, ({ n }) => n < 0);
        const guard = await run.open({ ...QUIET, ack: 'stored' }, TIMES);
        const bad = guard.pushData([{ n: -1 }, { n: -2 }]);
        bad.catch(() => undefined);
        await expect.poll(() => run.server.pushRequests(id).length).toBeGreaterThan(0);
        const good = await settlesWithin(5_000, 'The push of good items', guard.pushData([{ n: 0 }, { n: 1 }]));
        expect(good).toMatchObject({ acceptedItems: 2 });
        expect(await settlesWithin(5_000, 'The push of bad items', bad)).toMatchObject({
            acceptedItems: 0,
            quarantinedItems: 2,
        });
        expect(numbersIn(id)).toEqual([0, 1]);
    });

    it('ten of a thousand are found in a number of requests that grows with the logarithm', async () => {
        const id = run.freshDataset(null);
        const bad = range(0, 10).map((index) => index * 97 + 13);
        refuseWithoutReason(run.server, id, ({ n }) => bad.includes(n));
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(range(0, 1_000).map((n) => ({ n })));
        await settlesWithin(20_000, 'flush()', guard.flush());
        expect(sorted(numbersInQuarantine(id))).toEqual(bad);
        expect(sorted(numbersIn(id))).toEqual(range(0, 1_000).filter((n) => !bad.includes(n)));
        // Ten culprits, and ten halvings for each, both halves sent; once more for each, for the contrast.
        expect(run.server.pushRequests(id).length).toBeLessThan(10 * 10 * 2 + 10 * 2);
    });

    it('are quarantined although sixteen of them lie side by side, as good items go on coming', async () => {
        const id = run.freshDataset(null);
        refuseWithoutReason(run.server, id, ({ n }) => n >= 40 && n < 56);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData(range(0, 100).map((n) => ({ n })));
        // A long row of refusals may be taken for an outage; the good items that follow show that there is none.
        const accepted = range(0, 100);
        for (let n = 100; n < 120; n++) {
            await settlesWithin(
                10_000,
                'flush()',
                guard.flush().catch(() => undefined),
            );
            await guard.pushData({ n }).then(
                () => accepted.push(n),
                () => undefined,
            );
        }
        await settlesWithin(10_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual(accepted.filter((n) => n < 40 || n >= 56));
        expect(sorted(numbersInQuarantine(id))).toEqual(range(40, 56));
    });
});

describe('an incident in which the platform refuses everything without a reason', () => {
    it('quarantines nothing, though items were accepted before it and are accepted after it', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ ...QUIET, maxPayloadBytes: 1_024 }, { ...TIMES, maxRetries: 6 });
        await guard.pushData(range(0, 20).map((n) => ({ n })));
        await guard.flush();
        const stop = refuseWithoutReason(run.server, id, () => true);
        await guard.pushData(range(20, 220).map((n) => ({ n })));
        const flushed = guard.flush().catch((error: unknown) => error);
        await expect.poll(() => run.server.pushRequests(id).length, { timeout: 10_000 }).toBeGreaterThan(14);
        stop();
        await settlesWithin(15_000, 'flush()', flushed);
        await settlesWithin(15_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual(range(0, 220));
        expect(run.quarantined(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ storedItems: 220, quarantinedItems: 0, pendingItems: 0 });
    });

    it('quarantines nothing of single items that are pushed one by one, accepted before and after it', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ flushIntervalMillis: 0 }, TIMES);
        await guard.pushData({ n: 0 });
        await expect.poll(() => numbersIn(id)).toEqual([0]);
        const stop = refuseWithoutReason(run.server, id, () => true);
        const accepted = [0];
        for (let n = 1; n <= 5; n++) {
            const seen = run.server.pushRequests(id).length;
            await guard.pushData({ n }).then(
                () => accepted.push(n),
                () => undefined,
            );
            await expect.poll(() => run.server.pushRequests(id).length).toBeGreaterThan(seen);
        }
        stop();
        await settlesWithin(10_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual(accepted);
        expect(run.quarantined(id)).toEqual([]);
    });

    it('is an outage after twelve refusals: it costs no request for each item, and flush() tells it', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData({ n: 0 });
        await guard.flush();
        const stop = refuseWithoutReason(run.server, id, () => true);
        await guard.pushData(range(1, 5_000).map((n) => ({ n })));
        await expect(settlesWithin(15_000, 'flush()', guard.flush())).rejects.toBeInstanceOf(DeliveryError);
        // Twelve refusals, and then the retries of an outage, each of which may find out anew.
        expect(run.server.pushRequests(id).length).toBeLessThan(100);
        expect(run.quarantined(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ pendingItems: 4_999 });
        stop();
        await settlesWithin(15_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual(range(0, 5_000));
        expect(run.quarantined(id)).toEqual([]);
    });

    it('between two accepted requests does not make an item guilty that was refused in it only once', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ flushIntervalMillis: 0 }, TIMES);
        await guard.pushData({ n: 0 });
        await expect.poll(() => numbersIn(id)).toEqual([0]);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: WITHOUT_REASON });
        await guard.pushData({ n: 1 });
        await expect.poll(() => run.server.pushRequests(id).some(({ status }) => status === 400)).toBe(true);
        await guard.pushData({ n: 2 }).catch(() => undefined);
        await settlesWithin(10_000, 'flush()', guard.flush());
        expect(sorted(numbersIn(id))).toEqual([0, 1, 2]);
        expect(run.quarantined(id)).toEqual([]);
    });
});

describe("a 400 that is not the API's own", () => {
    it('never concerns an item, however often only requests with this item get it', async () => {
        const id = run.freshDataset(null);
        const stop = refuseWithoutReason(run.server, id, ({ n }) => n === 3, PROXY_PAGE);
        const guard = await run.open({ ...QUIET, maxPayloadBytes: 1_024 }, TIMES);
        await guard.pushData(range(0, 3).map((n) => ({ n })));
        await guard.flush();
        await guard.pushData({ n: 3 });
        for (let attempt = 0; attempt < 3; attempt++) {
            await expect(settlesWithin(10_000, 'flush()', guard.flush())).rejects.toBeInstanceOf(DeliveryError);
        }
        expect(run.quarantined(id)).toEqual([]);
        expect(guard.report()).toMatchObject({ pendingItems: 1, quarantinedItems: 0 });
        stop();
        await guard.flush();
        expect(numbersIn(id)).toEqual([0, 1, 2, 3]);
    });
});

describe('when the guard is closed while an item that was refused without a reason still waits', () => {
    it('the item is tried once more, and quarantined because another was accepted in this process', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        await guard.pushData({ n: 0 });
        await guard.flush();
        refuseWithoutReason(run.server, id, ({ n }) => n < 0);
        await guard.pushData({ n: -1 });
        expect(await settlesWithin(10_000, 'close()', guard.close())).toMatchObject({
            storedItems: 1,
            quarantinedItems: 1,
            unsentItems: 0,
        });
        expect(numbersInQuarantine(id)).toEqual([-1]);
    });

    it('the item is stored when that attempt is accepted', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ flushIntervalMillis: 0 }, TIMES);
        const stop = refuseWithoutReason(run.server, id, () => true);
        await guard.pushData({ n: 0 });
        await expect.poll(() => run.server.pushRequests(id).some(({ status }) => status === 400)).toBe(true);
        stop();
        expect(await settlesWithin(10_000, 'close()', guard.close())).toMatchObject({ storedItems: 1 });
        expect(numbersIn(id)).toEqual([0]);
    });

    it('the item is not quarantined when nothing at all was accepted, and close() rejects', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open(QUIET, TIMES);
        const stop = refuseWithoutReason(run.server, id, () => true);
        await guard.pushData({ n: 0 });
        await expect(settlesWithin(10_000, 'close()', guard.close())).rejects.toBeInstanceOf(DeliveryError);
        expect(run.quarantined(id)).toEqual([]);
        stop();
    });
});

describe('an item that waits because it was refused without a reason', () => {
    it('is counted as pending until it is known whether it is the item', async () => {
        const id = run.freshDataset(null);
        const guard = await run.open({ flushIntervalMillis: 0 }, TIMES);
        refuseWithoutReason(run.server, id, ({ n }) => n < 0);
        await guard.pushData({ n: -1 });
        await expect.poll(() => run.server.pushRequests(id).some(({ status }) => status === 400)).toBe(true);
        expect(guard.report()).toMatchObject({ receivedItems: 1, pendingItems: 1, quarantinedItems: 0 });
        const gate = createGate();
        run.server.faults.use((call) => (isPush(call, id) ? { until: gate.opened } : undefined));
        await guard.pushData({ n: 1 });
        expect(guard.report()).toMatchObject({ receivedItems: 2, pendingItems: 2 });
        gate.open();
        await guard.flush();
        expect(guard.report()).toMatchObject({ storedItems: 1, quarantinedItems: 1, pendingItems: 0 });
    });
});
