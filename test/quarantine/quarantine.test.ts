import fc from '../support/fast-check.js';
import { describe, expect, it } from 'vitest';

import { QuarantineError } from '../../src/errors.js';
import type { DatasetGuardOptions } from '../../src/options.js';
import type { Payload } from '../../src/ports.js';
import { Counters } from '../../src/quality/counters.js';
import { Redactor } from '../../src/quality/redact.js';
import { Quarantine } from '../../src/quarantine/quarantine.js';
import type { Rejection } from '../../src/quarantine/record.js';
import type { QuarantineRecord } from '../../src/records.js';
import { CallbackErrors } from '../../src/report/callback-errors.js';
import type { PushSource } from '../../src/waiter.js';
import { Waiter } from '../../src/waiter.js';
import { keptLog } from '../support/kept-log.js';
import { itemsOf } from '../support/payload-items.js';
import type { Deferred } from '../support/stage-clock.js';
import { deferred, HandClock, turns } from '../support/stage-clock.js';

const MAX_PAYLOAD_BYTES = 100_000;
const FLUSH_INTERVAL_MILLIS = 1_000;
const RESUME_MILLIS = 30_000;
const REJECTION: Rejection = { reason: 'schema', rejectedBy: 'guard', errors: [], itemPosition: 0 };

interface Stage {
    options?: Pick<DatasetGuardOptions, 'redact' | 'onQuarantine'>;
    /** Resolves to why a request failed. @default at once, to nothing */
    answer?: (request: number) => Error | undefined | Promise<Error | undefined>;
    storeItem?: (key: string) => Promise<void>;
}

function startQuarantine({ options, answer, storeItem }: Stage = {}) {
    const clock = new HandClock();
    const counters = new Counters();
    const requests: QuarantineRecord[][] = [];
    const storedItems: { key: string; itemText: string; place: string }[] = [];
    const log = keptLog();
    const quarantine = new Quarantine({
        redactor: new Redactor(options?.redact, () => undefined),
        options: {
            redact: undefined,
            onQuarantine: undefined,
            ...options,
            maxPayloadBytes: MAX_PAYLOAD_BYTES,
            maxBufferedBytes: 10 * MAX_PAYLOAD_BYTES,
            flushIntervalMillis: FLUSH_INTERVAL_MILLIS,
        },
        writer: {
            async write(payload: Payload) {
                expect(payload.byteLength).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
                requests.push(itemsOf(payload) as QuarantineRecord[]);
                return answer?.(requests.length);
            },
        },
        store: {
            async storeItem(key, itemText, place) {
                await storeItem?.(key);
                storedItems.push({ key, itemText, place });
                return { itemStoreId: 'store', itemKey: key };
            },
        },
        origin: { datasetId: 'movies' },
        counters,
        callbackErrors: new CallbackErrors(log),
        clock,
        log,
    });
    let next = 0;
    const add = (item: object = { n: next }, source?: PushSource, rejection = REJECTION) => {
        counters.received(1);
        counters.rejected(1);
        if (source instanceof Waiter) source.expect();
        quarantine.add(rejection, JSON.stringify(item), source, next++);
    };
    const written = () => requests.flat().map(({ item }) => item?.n as number);
    return { quarantine, clock, counters, requests, storedItems, log, add, written };
}

/** Requests that the test answers one by one. */
function heldAnswers() {
    const answers: Deferred<Error | undefined>[] = [];
    const answer = async (request: number) => (answers[request - 1] ??= deferred<Error | undefined>()).promise;
    const settle = async (request: number, error?: Error) => {
        (answers[request - 1] ??= deferred<Error | undefined>()).resolve(error);
        await turns(8);
    };
    return { answer, settle };
}

async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
    const states = promise.then(
        () => 'resolved' as const,
        () => 'rejected' as const,
    );
    return Promise.race([states, turns(2).then(() => 'pending' as const)]);
}

describe('the quarantine', () => {
    it('writes the records of one turn in one request, after the flush interval, and counts them', async () => {
        const { quarantine, clock, counters, requests, add, written } = startQuarantine();
        for (let n = 0; n < 3; n++) add();
        await clock.advance(FLUSH_INTERVAL_MILLIS - 1);
        expect([requests.length, quarantine.pendingItems, counters.values().quarantinedItems]).toEqual([0, 3, 0]);
        await clock.advance(1);
        expect([requests.length, written(), quarantine.pendingItems]).toEqual([1, [0, 1, 2], 0]);
        expect(counters.values()).toMatchObject({ quarantinedItems: 3, pendingItems: 0 });
        expect(clock.armedTimers).toBe(0);
    });

    it('writes at once what somebody waits for, and tells him', async () => {
        const { quarantine, add, requests } = startQuarantine();
        const waiter = new Waiter();
        add({ n: 1 });
        add({ n: 2 }, waiter);
        expect([quarantine.pendingItems, quarantine.unawaitedItems]).toEqual([2, 1]);
        await waiter.settled();
        expect([requests.length, waiter.quarantinedItems, waiter.error]).toEqual([1, 1, undefined]);
    });

    it('writes at once when more than one request holds, in order, and asks callers to wait meanwhile', async () => {
        const { quarantine, requests, add, written } = startQuarantine();
        expect(quarantine.waitForRoom()).toBeUndefined();
        for (let n = 0; n < 25; n++) add({ n, text: 'x'.repeat(5_000) });
        await quarantine.waitForRoom();
        expect(quarantine.waitForRoom()).toBeUndefined();
        expect(requests.length).toBe(2);
        expect(written()).toEqual(Array.from({ length: 25 }, (_, n) => n));
    });

    it('resolves a flush with what was pending before it, however many bad items keep coming', async () => {
        const { answer, settle } = heldAnswers();
        const { quarantine, add, written } = startQuarantine({ answer });
        add({ n: 0 });
        let previous = quarantine.flush();
        await turns();
        for (let round = 1; round <= 5; round++) {
            add({ n: round });
            // Its record is not in the request that is under way, so it waits for the next one, whatever that holds.
            const flush = quarantine.flush();
            await settle(round);
            add({ n: round + 100 });
            expect([await stateOf(previous), await stateOf(flush)]).toEqual(['resolved', 'pending']);
            previous = flush;
        }
        await settle(6);
        expect(await stateOf(previous)).toBe('resolved');
        expect(written().slice(0, 3)).toEqual([0, 1, 101]);
    });

    it('rejects each flush when the request fails, keeps what nobody waits for, and gives back the rest', async () => {
        const { quarantine, counters, add, written } = startQuarantine({
            answer: (request) => (request === 1 ? new Error('The disk is full.') : undefined),
        });
        const waiter = new Waiter();
        add({ n: 0 });
        add({ n: 1 }, waiter);
        await expect(quarantine.flush()).rejects.toThrow(QuarantineError);
        await waiter.settled();
        expect([waiter.unstored, waiter.error?.message]).toEqual([[1], expect.stringContaining('The disk is full.')]);
        expect(waiter.error?.message).toMatch(/^2 rejected items could not be written/);
        expect(quarantine.failure).toBe(waiter.error);
        expect([quarantine.pendingItems, counters.rejectedItems]).toEqual([1, 1]);
        expect(counters.values()).toMatchObject({ discardedItems: 1, pendingItems: 1, quarantinedItems: 0 });
        await quarantine.flush();
        expect([quarantine.failure, quarantine.pendingItems, written()]).toEqual([undefined, 0, [0, 1, 0]]);
    });

    it('tries again by itself 30 s after a failure, and writes nothing before', async () => {
        let isDown = true;
        const { quarantine, clock, requests, add } = startQuarantine({
            answer: () => (isDown ? new Error('503') : undefined),
        });
        add({ n: 0 });
        await clock.advance(FLUSH_INTERVAL_MILLIS);
        expect(quarantine.failure?.message).toMatch(/^1 rejected item could not be written/);
        add({ n: 1 });
        await clock.advance(RESUME_MILLIS - 1);
        expect([requests.length, quarantine.pendingItems]).toEqual([1, 2]);
        isDown = false;
        await clock.advance(1);
        expect([requests.length, quarantine.pendingItems, quarantine.failure]).toEqual([2, 0, undefined]);
    });

    it('has no failure left when all that failed was given back', async () => {
        const { quarantine, add } = startQuarantine({
            answer: (request) => (request === 1 ? new Error('503') : undefined),
        });
        const [first, second] = [new Waiter(), new Waiter()];
        add({ n: 0 }, first);
        await first.settled();
        expect([first.unstored, quarantine.failure, quarantine.pendingItems]).toEqual([[0], undefined, 0]);
        add({ n: 1 }, second);
        await second.settled();
        expect([second.unstored, second.quarantinedItems]).toEqual([[], 1]);
    });

    it('accounts for each record, whatever fails and whoever waits', async () => {
        const step = fc.oneof(
            {
                weight: 5,
                arbitrary: fc.record({
                    what: fc.constant('add' as const),
                    isAwaited: fc.boolean(),
                    size: fc.constantFrom(0, 30_000, MAX_PAYLOAD_BYTES),
                }),
            },
            {
                weight: 2,
                arbitrary: fc.record({
                    what: fc.constantFrom('flush' as const, 'room' as const),
                    fails: fc.boolean(),
                    storeFails: fc.boolean(),
                }),
            },
            {
                weight: 1,
                arbitrary: fc.record({ what: fc.constant('wait' as const), millis: fc.constantFrom(1_000, 40_000) }),
            },
        );
        await fc.assert(
            fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
                let fails = false;
                let storeFails = false;
                const stage = startQuarantine({
                    answer: () => (fails ? new Error('503') : undefined),
                    storeItem: async () => {
                        if (storeFails) throw new Error('413');
                    },
                });
                const { quarantine, clock, counters, add } = stage;
                const waiters: Waiter[] = [];
                let n = 0;
                for (const each of steps) {
                    if (each.what === 'add') {
                        const waiter = each.isAwaited ? new Waiter() : undefined;
                        if (waiter) waiters.push(waiter);
                        add({ n: n++, text: 'x'.repeat(each.size) }, waiter);
                    } else if (each.what === 'wait') await clock.advance(each.millis);
                    else {
                        ({ fails, storeFails } = each);
                        const settled = each.what === 'flush' ? quarantine.flush() : quarantine.waitForRoom();
                        await settled?.catch(() => undefined);
                    }
                    const { pendingItems, quarantinedItems, discardedItems } = counters.values();
                    expect(pendingItems).toBe(quarantine.pendingItems);
                    expect(quarantinedItems + discardedItems + pendingItems).toBe(n);
                }
                fails = false;
                storeFails = false;
                await turns(8);
                await quarantine.flush();
                await Promise.all(waiters.map(async (waiter) => waiter.settled()));
                for (const waiter of waiters) expect(waiter.quarantinedItems + waiter.unstored.length).toBe(1);
                // What was not given back is written, and nothing of it twice where the writer said that it is there.
                const discarded = waiters.filter(({ unstored }) => unstored.length > 0).length;
                expect(counters.values()).toMatchObject({ quarantinedItems: n - discarded, discardedItems: discarded });
            }),
            { numRuns: 100 },
        );
    });
});

describe('a record whose item is too large for it', () => {
    const large = { n: 7, text: 'x'.repeat(MAX_PAYLOAD_BYTES) };

    it('names where its item is, and is written after it', async () => {
        const { quarantine, requests, storedItems, add } = startQuarantine();
        add(large);
        await quarantine.flush();
        const [[record]] = requests as [[QuarantineRecord]];
        expect(storedItems).toEqual([
            { key: `item-${record.id}`, itemText: JSON.stringify(large), place: 'quarantine' },
        ]);
        expect(record).toMatchObject({
            itemStoreId: 'store',
            itemKey: `item-${record.id}`,
            itemBytes: JSON.stringify(large).length,
        });
        expect(record).not.toHaveProperty('item');
    });

    it('costs only itself while its item cannot be stored', async () => {
        let isDown = true;
        const { quarantine, counters, add, written } = startQuarantine({
            storeItem: async () => {
                if (isDown) throw new Error('413');
            },
        });
        add(large);
        for (let n = 0; n < 3; n++) add({ n });
        const bystander = new Waiter();
        add({ n: 3 }, bystander);
        await bystander.settled();
        expect([written(), bystander.quarantinedItems, bystander.error]).toEqual([[0, 1, 2, 3], 1, undefined]);
        expect([quarantine.pendingItems, counters.values().quarantinedItems]).toEqual([1, 4]);
        await expect(quarantine.flush()).rejects.toThrow('413');
        isDown = false;
        await quarantine.flush();
        expect([quarantine.pendingItems, counters.values().quarantinedItems]).toEqual([0, 5]);
    });

    it('rejects a flush that waits for it, and no other, however many bad items keep coming', async () => {
        let isDown = true;
        const { answer, settle } = heldAnswers();
        const { quarantine, add, log } = startQuarantine({
            answer,
            storeItem: async () => {
                if (isDown) throw new Error('413');
            },
        });
        add({ n: 0 });
        const before = quarantine.flush();
        const waiter = new Waiter();
        add(large, waiter);
        add(large);
        const behind = quarantine.flush();
        const ends = [before, behind].map(async (flush) => flush.then(() => 'stored').catch(({ message }) => message));
        for (let round = 1; round <= 5; round++) {
            await turns(8);
            add({ n: round });
            await settle(round);
        }
        const message =
            '2 rejected items could not be written to the quarantine: 413. 1 of them is kept; flush() tries again.';
        expect(await Promise.race([Promise.all(ends), turns(8).then(() => 'pending')])).toEqual(['stored', message]);
        expect(log.lines.filter(({ message }) => message.includes('413'))).toHaveLength(1);
        await waiter.settled();
        expect([waiter.error?.message, quarantine.failure]).toEqual([message, undefined]);
        isDown = false;
        const last = quarantine.flush();
        for (let round = 6; round <= 8; round++) await settle(round);
        expect([await stateOf(last), quarantine.pendingItems]).toEqual(['resolved', 0]);
    });

    it('is tried again by itself 30 s later', async () => {
        let tries = 0;
        const { quarantine, clock, add } = startQuarantine({
            storeItem: async () => {
                if (++tries < 3) throw new Error('413');
            },
        });
        add(large);
        await expect(quarantine.flush()).rejects.toThrow('413');
        for (const [millis, pending] of [
            [RESUME_MILLIS - 1, 1],
            [1, 1],
            [RESUME_MILLIS, 0],
        ] as const) {
            await clock.advance(millis);
            await turns(8);
            expect([millis, quarantine.pendingItems]).toEqual([millis, pending]);
        }
        expect(tries).toBe(3);
    });

    it('keeps its id, and its item is not stored again, when the request of the record fails', async () => {
        const { quarantine, requests, storedItems, add } = startQuarantine({
            answer: (request) => (request === 1 ? new Error('503') : undefined),
        });
        add(large);
        await expect(quarantine.flush()).rejects.toThrow('503');
        await quarantine.flush();
        expect(storedItems).toHaveLength(1);
        expect(requests[1]).toEqual(requests[0]);
    });

    it('stays with the run where redact throws, so that nothing is shown that it would have hidden', async () => {
        const { quarantine, requests, storedItems, add, log } = startQuarantine({
            options: {
                redact: (item) => {
                    if (item.secret) throw new Error('no');
                    return { n: item.n };
                },
            },
        });
        add({ n: 1, secret: 'hidden' });
        add({ n: 2, text: 'not needed' });
        await quarantine.flush();
        expect(storedItems).toEqual([{ key: expect.any(String), itemText: '{"n":1,"secret":"hidden"}', place: 'run' }]);
        expect(JSON.stringify([requests, log.lines])).not.toContain('hidden');
        // The other one did not wait for it.
        expect(requests.map((records) => records.map(({ item }) => item))).toEqual([[{ n: 2 }], [undefined]]);
    });
});

describe('records that another process has to write', () => {
    it('are written by it with the same id and the same item, complete or not', async () => {
        const first = startQuarantine({ answer: () => new Error('503') });
        const waiter = new Waiter();
        first.add({ n: 0 });
        await first.quarantine.flush().catch(() => undefined);
        first.add({ n: 1 });
        first.add({ n: 2 }, waiter);
        // The second one has no text yet, and a failure keeps it from being written.
        const lines = first.quarantine.unwritten(true);
        expect([lines.length, first.quarantine.unwritten(false).length]).toEqual([3, 2]);
        const next = startQuarantine();
        expect(next.quarantine.restore(lines)).toBe(3);
        await next.clock.advance(0);
        expect(next.written()).toEqual([0, 1, 2]);
        const ids = next.requests.flat().map(({ id }) => id);
        expect(ids).toEqual(lines.map((line) => JSON.parse(line).head.id));
        for (const each of first.quarantine.waiters) each.saved(each.expectedItems);
        await waiter.settled();
    });

    it('are complete for the end of the process, but for those whose item does not fit', () => {
        const { quarantine, counters, add } = startQuarantine({
            options: { redact: (item) => ({ ...item, isRedacted: true }) },
        });
        add({ n: 0 });
        add({ n: 1, text: 'x'.repeat(MAX_PAYLOAD_BYTES) });
        const records = quarantine.completeSync().map((text) => JSON.parse(text) as QuarantineRecord);
        expect(records.map(({ item }) => item)).toEqual([{ n: 0, isRedacted: true }]);
        quarantine.writtenAtExit();
        expect([quarantine.pendingItems, counters.values().quarantinedItems]).toEqual([1, 1]);
    });

    it('keep the item at the end of the process where redact throws: it stays pending, to be saved with the run', () => {
        const { quarantine, add } = startQuarantine({
            options: {
                redact: () => {
                    throw new Error('no');
                },
            },
        });
        add({ n: 7 });
        expect(quarantine.completeSync()).toEqual([]);
        quarantine.writtenAtExit();
        expect(quarantine.unwritten(true)).toEqual([expect.stringContaining(String.raw`{\"n\":7}`)]);
    });

    it('are refused as a whole where one is no JSON', () => {
        const { quarantine } = startQuarantine();
        expect(() => quarantine.restore(['{"head":{"id":"1"}}', 'no JSON'])).toThrow(SyntaxError);
        expect(quarantine.pendingItems).toBe(0);
    });
});

describe('onQuarantine', () => {
    it('is called with each record once it is stored, in order, one after the other, and its errors are kept apart', async () => {
        const calls: number[] = [];
        let isRunning = false;
        const { quarantine, add } = startQuarantine({
            options: {
                onQuarantine: async ({ item }) => {
                    expect(isRunning).toBe(false);
                    isRunning = true;
                    await turns(1);
                    isRunning = false;
                    calls.push(item!.n);
                    if (item!.n === 1) throw new Error('of the user');
                },
            },
        });
        for (let n = 0; n < 3; n++) add({ n });
        await quarantine.flush();
        add({ n: 3 });
        await quarantine.flush();
        await quarantine.announced();
        expect(calls).toEqual([0, 1, 2, 3]);
    });
});
