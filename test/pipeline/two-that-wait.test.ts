import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { DeliveryError } from '../../src/index.js';
import type { Gate } from '../support/platform-faults.js';
import { createGate, isPush, itemsOf, settlesWithin } from '../support/platform-faults.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent } from '../support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const TIMES = { listingLagMillis: 200, firstRetryDelayMillis: 10, maxRetries: 2 };
/** Every flush is the test's own. */
const QUIET = { flushIntervalMillis: 600_000 };
/** Each item fills a payload of its own. */
const ONE_EACH = { ...QUIET, maxPayloadBytes: 1_024 };
const large = (n: unknown) => ({ n, text: 'x'.repeat(600) });

let run: PlatformRun;
const held: Gate[] = [];
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => {
    // Before the guards are closed: they would wait.
    for (const gate of held.splice(0)) gate.open();
    await run.reset();
});
afterAll(async () => run.stop());

let quarantines = 0;
/** Not one that the SDK has opened before. */
function freshQuarantine(): { quarantine: string; id: string } {
    const name = `waiting-${++quarantines}`;
    const { id } = run.server.addDataset({ name });
    return { quarantine: name, id };
}

/** Holds back the next push to the dataset. Resolves `arrived` when it has come. */
function holdNextPush(datasetId: string, skip = 0): Gate & { arrived: Promise<void> } {
    const gate = createGate();
    held.push(gate);
    const arrived = createGate();
    let seen = 0;
    let isHeld = false;
    run.server.faults.use((call) => {
        if (isHeld || !isPush(call, datasetId) || seen++ < skip) return undefined;
        isHeld = true;
        arrived.open();
        return { until: gate.opened };
    });
    return { ...gate, arrived: arrived.opened };
}

const numbersIn = (datasetId: string) => run.server.items(datasetId).map(({ n }) => n);

describe('a second flush that begins while the first waits for the quarantine', () => {
    it.each([
        ['flush()', async (guard: any) => guard.flush()],
        ['close()', async (guard: any) => guard.close()],
        ['persistState', async () => emitEvent('persistState')],
    ])('leaves both to end only when all items are stored: %s', async (_name, second) => {
        const id = run.freshDataset(FIELDS);
        const { quarantine, id: quarantineId } = freshQuarantine();
        const guard = await run.open({ ...QUIET, quarantine }, TIMES);
        const held = holdNextPush(quarantineId);
        await guard.pushData({ n: 'bad' });
        const storedWhenEnded: unknown[][] = [];
        const ended = async () => void storedWhenEnded.push(numbersIn(id));
        const first = guard.flush().then(ended);
        await held.arrived;
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        const both = Promise.all([first, second(guard).then(ended), guard.flush().then(ended)]);
        await new Promise(setImmediate);
        held.open();
        await settlesWithin(8_000, 'One of the flushes', both);
        // The first covers only what was accepted before it.
        expect(storedWhenEnded.slice(1)).toEqual([
            [1, 2],
            [1, 2],
        ]);
        expect(guard.report()).toMatchObject({ storedItems: 2, quarantinedItems: 1, pendingItems: 0 });
    });

    it.each([
        ['flush()', 'flush()', async (guard: any) => guard.flush()],
        ['flush()', 'persistState', async () => emitEvent('persistState')],
        ['close()', 'persistState', async () => emitEvent('persistState')],
    ])('does not let a %s resolve whose items the platform has refused: %s', async (firstName, _second, second) => {
        const id = run.freshDataset(FIELDS);
        const { quarantine, id: quarantineId } = freshQuarantine();
        const guard = await run.open({ ...QUIET, quarantine }, TIMES);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { status: 403 } });
        const heldRecord = holdNextPush(quarantineId);
        const heldItems = holdNextPush(id);
        await guard.pushData([{ n: 1 }, { n: 2 }, { n: 'bad' }]);
        const outcomeOf = async (flushed: Promise<unknown>) =>
            flushed.then(
                () => numbersIn(id),
                (error: unknown) => error,
            );
        const first = outcomeOf(firstName === 'flush()' ? guard.flush() : guard.close());
        await heldRecord.arrived;
        await expect.poll(() => run.server.pushRequests(id).at(-1)?.status).toBe(403);
        const other = second(guard).catch(() => undefined);
        await heldItems.arrived;
        heldRecord.open();
        await expect.poll(() => run.server.items(quarantine).length).toBe(1);
        // Whatever waits for the record alone goes on now.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        heldItems.open();
        const outcome = await settlesWithin(8_000, firstName, first);
        if (!(outcome instanceof DeliveryError)) expect(outcome).toEqual([1, 2]);
        await other;
    });
});

describe('a flush', () => {
    it('resolves although an item that was accepted after it is under way for ever', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(QUIET, TIMES);
        const first = holdNextPush(id);
        const second = holdNextPush(id, 1);
        await guard.pushData({ n: 1 });
        const flushed = guard.flush();
        await first.arrived;
        await guard.pushData({ n: 2 });
        const later = guard.flush();
        first.open();
        await settlesWithin(8_000, 'flush()', flushed);
        expect(numbersIn(id)).toEqual([1]);
        second.open();
        await later;
        expect(numbersIn(id)).toEqual([1, 2]);
    });

    it('resolves while bad items keep coming, each before the record of the last is stored', async () => {
        const id = run.freshDataset(FIELDS);
        const { quarantine, id: quarantineId } = freshQuarantine();
        const guard = await run.open({ flushIntervalMillis: 0, quarantine }, TIMES);
        let records = 0;
        const enough = createGate();
        run.server.faults.use((call) => {
            if (isPush(call, quarantineId)) {
                records++;
                if (records < 40) void guard.pushData({ n: 'bad' });
                else enough.open();
            }
            return undefined;
        });
        await guard.pushData([{ n: 'bad' }, { n: 1 }]);
        const recordsWhenFlushed = await Promise.race([guard.flush(), enough.opened]).then(() => records);
        expect(recordsWhenFlushed).toBeLessThan(40);
        expect(numbersIn(id)).toEqual([1]);
    });

    it('does not fail for an item that was accepted after it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open(ONE_EACH, TIMES);
        const first = holdNextPush(id);
        run.server.faults.use((call) =>
            isPush(call, id) && itemsOf(call).some(({ n }) => n === 2) ? { status: 403 } : undefined,
        );
        await guard.pushData(large(1));
        const flushed = guard.flush();
        await first.arrived;
        await guard.pushData(large(2));
        const later = guard.flush();
        first.open();
        await settlesWithin(8_000, 'flush()', flushed);
        await expect(later).rejects.toBeInstanceOf(DeliveryError);
    });
});

describe('a push that waits until its items are stored', () => {
    it.each([
        ['it has a bad item of its own', false],
        ['the platform rejects an item that passes here', true],
    ])('resolves while bad items keep coming and %s', async (_name, isOneRefused) => {
        const enforcedFields = { ...FIELDS, properties: { n: { type: 'number', minimum: 0 } } };
        const id = run.freshDataset(FIELDS, { enforcedFields });
        const { quarantine, id: quarantineId } = freshQuarantine();
        const guard = await run.open({ flushIntervalMillis: 0, ack: 'stored', quarantine }, TIMES);
        let records = 0;
        const enough = createGate();
        run.server.faults.use((call) => {
            if (isPush(call, quarantineId)) {
                records++;
                if (records < 40) void guard.pushData({ n: 'bad' }).catch(() => undefined);
                else enough.open();
            }
            return undefined;
        });
        const bad = guard.pushData({ n: 'bad' });
        const first = guard.pushData(isOneRefused ? [{ n: 1 }, { n: -1 }] : [{ n: 1 }, { n: 'bad' }]);
        const second = first.then(async () => guard.pushData({ n: 2 }));
        const recordsWhenStored = await Promise.race([second, enough.opened]).then(() => records);
        expect(recordsWhenStored).toBeLessThan(40);
        expect(numbersIn(id)).toEqual([1, 2]);
        await bad;
    });

    it('learns the outcome of its own items when those of another push are refused', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ...ONE_EACH, ack: 'stored' }, TIMES);
        run.server.faults.use((call) =>
            isPush(call, id) && itemsOf(call).some(({ n }) => n === 2) ? { status: 403 } : undefined,
        );
        const [one, two, three] = await settlesWithin(
            8_000,
            'One of the pushes',
            Promise.allSettled([guard.pushData(large(1)), guard.pushData(large(2)), guard.pushData(large(3))]),
        );
        expect(one).toMatchObject({ status: 'fulfilled', value: { acceptedItems: 1 } });
        expect(two).toMatchObject({ status: 'rejected', reason: { code: 'DELIVERY' } });
        // Whether the third was tried is for the guard to decide: its push tells the truth.
        expect(three.status === 'fulfilled').toBe(numbersIn(id).includes(3));
        expect(numbersIn(id)).toContain(1);
    });
});

describe('after a failure that has passed', () => {
    it('a push is not accepted and then left unsent, though a failed quarantine came between', async () => {
        const id = run.freshDataset(FIELDS);
        const { quarantine, id: quarantineId } = freshQuarantine();
        const guard = await run.open({ flushIntervalMillis: 20, quarantine }, TIMES);
        guard.install();
        onTestFinished(() => guard.uninstall());
        const gate = createGate();
        held.push(gate);
        // Neither the quarantine nor what stands in for it can be written, and the dataset cannot, either.
        const stop = run.server.faults.use((call) => {
            if (isPush(call, quarantineId)) return { until: gate.opened, status: 403 };
            if (isPush(call, id) || call.path.includes('DATASET-GUARD-QUARANTINE-')) return { status: 403 };
            return undefined;
        });
        const owned = Actor.pushData({ n: 'bad' }).catch((error: unknown) => error);
        await expect.poll(() => run.server.requestCount({ method: 'POST', path: `${quarantineId}/items` })).toBe(1);
        await guard.pushData({ n: 1 });
        await expect.poll(() => run.server.pushRequests(id).at(-1)?.status).toBe(403);
        gate.open();
        await settlesWithin(8_000, 'The push of the bad item', owned);
        stop();
        const accepted = [1];
        for (const n of [2, 3]) {
            await guard.pushData({ n }).then(
                () => accepted.push(n),
                // The failure is told, and the item is its caller's still.
                () => undefined,
            );
        }
        if (accepted.length > 1) await expect.poll(() => numbersIn(id), { timeout: 5_000 }).toEqual(accepted);
        await guard.flush();
        expect(numbersIn(id)).toEqual(accepted);
    });
});
