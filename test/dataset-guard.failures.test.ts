import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { DeliveryError, QuarantineError, ToleranceExceededError } from '../src/index.js';
import { collectLog } from './report/support/log-lines.js';
import type { PlatformRun } from './support/platform-run.js';
import { accountedItems, startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** From now on each push to the dataset is refused, until the platform is mended. */
function refuse(id: string, status: number, times = Number.POSITIVE_INFINITY): void {
    run.server.faults.next({ method: 'POST', path: `${id}/items`, times, fault: { status } });
}

async function rejectionOf(promise: Promise<unknown>): Promise<any> {
    return promise.then(
        () => expect.unreachable('It was expected to reject.'),
        (error: unknown) => error,
    );
}

describe.each([401, 402, 403, 404])('while the platform answers %i', (status) => {
    it('buffered items are kept, and flush() stores them once that has passed, exactly once', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        refuse(id, status);
        for (let n = 0; n < 5; n++) await guard.pushData({ n });
        const error = await rejectionOf(guard.flush());
        expect(error).toBeInstanceOf(DeliveryError);
        expect(error).toMatchObject({ code: 'DELIVERY', keptItems: 5, permanent: true, cause: { statusCode: status } });
        expect(run.server.pushRequests(id)).toHaveLength(1);
        expect(guard.report()).toMatchObject({ receivedItems: 5, pendingItems: 5, storedItems: 0, discardedItems: 0 });
        expect(run.quarantined(id)).toEqual([]);

        await expect(guard.pushData({ n: 5 })).rejects.toThrow(DeliveryError);
        expect(guard.report().receivedItems).toBe(5);
        await expect(guard.flush()).rejects.toThrow(DeliveryError);

        run.server.faults.clear();
        await guard.flush();
        await guard.pushData({ n: 5 });
        const report = await guard.close();
        expect(run.server.items(id)).toEqual(Array.from({ length: 6 }, (_, n) => ({ n })));
        expect(report).toMatchObject({ receivedItems: 6, storedItems: 6, pendingItems: 0, unsentItems: 0 });
    });

    it('a call that waits until its items are stored takes them back', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored' });
        refuse(id, status);
        const error = await rejectionOf(guard.pushData([{ n: 1 }, { n: 2 }]));
        expect(error).toMatchObject({ name: 'DeliveryError', permanent: true, cause: { statusCode: status } });
        expect(guard.report()).toMatchObject({ receivedItems: 2, discardedItems: 2, pendingItems: 0 });
        run.server.faults.clear();
        await guard.close();
        expect(run.server.items(id)).toEqual([]);
    });
});

describe('a DeliveryError', () => {
    it('of a call that waits says that nothing of it is kept', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored' });
        refuse(id, 403);
        expect((await rejectionOf(guard.pushData([{ n: 1 }, { n: 2 }]))).keptItems).toBe(0);
    });

    it('of a call that waits is over when the platform is mended: pushing again stores the items, once', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored' });
        refuse(id, 403, 1);
        await expect(guard.pushData([{ n: 1 }, { n: 2 }])).rejects.toThrow(DeliveryError);
        expect(await guard.pushData([{ n: 1 }, { n: 2 }])).toMatchObject({ acceptedItems: 2 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('reaches every call that waits, each with its own items taken back', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.latencyMillis = 10;
        const guard = await run.open({ ack: 'stored' });
        refuse(id, 403);
        const outcomes = await Promise.allSettled(Array.from({ length: 20 }, async (_, n) => guard.pushData({ n })));
        expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
        const report = guard.report();
        expect(report).toMatchObject({ storedItems: 0, pendingItems: 0 });
        expect(report.discardedItems).toBe(report.receivedItems);
    });

    it('of an array that was taken in part says how much of it was taken', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ maxPayloadBytes: 1_024, maxBufferedBytes: 2_048 });
        refuse(id, 403);
        const items = Array.from({ length: 50 }, (_, n) => ({ n, text: 'x'.repeat(200) }));
        const error = await rejectionOf(guard.pushData(items));
        const unstored = error.unstored as number[];
        expect(unstored.length).toBeGreaterThan(0);
        expect(50 - unstored.length).toBe(guard.report().receivedItems);
        run.server.faults.clear();
        await guard.flush();
        await guard.pushData(unstored.map((position) => items[position]!));
        await guard.close();
        expect(run.server.items(id)).toEqual(items);
    });

    it('of the timer reaches the next push', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ flushIntervalMillis: 20 });
        refuse(id, 403, 1);
        await guard.pushData({ n: 1 });
        await expect.poll(() => run.server.pushRequests(id)[0]?.status).toBe(403);
        await expect
            .poll(async () =>
                guard.pushData({ n: 2 }).then(
                    () => 'taken',
                    (error) => error.name,
                ),
            )
            .toBe('DeliveryError');
        await guard.flush();
        expect(run.server.items(id)[0]).toEqual({ n: 1 });
    });
});

describe('close() while the dataset is dead', () => {
    it('rejects, keeps the items, and stores them when it is called again', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        refuse(id, 403);
        await expect(guard.close()).rejects.toThrow(DeliveryError);
        expect(guard.report()).toMatchObject({ receivedItems: 2, pendingItems: 2, unsentItems: 0 });
        run.server.faults.clear();
        expect(await guard.close()).toMatchObject({ storedItems: 2, unsentItems: 0, pendingItems: 0 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('leaves a true report when flush() stores what was unsent', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        refuse(id, 403);
        await expect(guard.close()).rejects.toThrow(DeliveryError);
        run.server.faults.clear();
        await guard.flush();
        expect(guard.report()).toMatchObject({ receivedItems: 2, storedItems: 2, unsentItems: 0, pendingItems: 0 });
    });
});

describe('a quarantine dataset that cannot be written', () => {
    const dead = (status: number, path: RegExp) => run.server.faults.next({ path, times: 99, fault: { status } });

    it("is replaced by the run's own key-value store: no record is lost, and the good items are stored", async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ quarantine: 'dead-quarantine', ack: 'stored' });
        dead(403, /v2\/datasets$/);
        expect(await guard.pushData([{ n: 1 }, { n: 'bad' }, null] as any)).toMatchObject({
            acceptedItems: 1,
            quarantinedItems: 2,
        });
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(run.quarantined(id)).toMatchObject([
            { item: { n: 'bad' }, reason: 'schema' },
            { item: null, reason: 'not-an-object' },
        ]);
        expect(guard.report()).toMatchObject({ storedItems: 1, quarantinedItems: 2, pendingItems: 0 });
    });

    it('nor that store, is a QuarantineError of flush(); the records are kept and written later', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ quarantine: 'dead-quarantine-2' });
        dead(403, /v2\/datasets$|v2\/key-value-stores/);
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        const error = await rejectionOf(guard.flush());
        expect(error).toBeInstanceOf(QuarantineError);
        expect(error).toMatchObject({ code: 'QUARANTINE', cause: { statusCode: 403 } });
        expect(guard.report()).toMatchObject({ storedItems: 1, quarantinedItems: 0, pendingItems: 1 });
        run.server.faults.clear();
        await guard.close();
        expect(run.quarantined(id, 'dead-quarantine-2')).toHaveLength(1);
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
    });

    it('nor that store, gives its items back to a call that waits', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ quarantine: 'dead-quarantine-3', ack: 'stored' });
        dead(403, /v2\/datasets$|v2\/key-value-stores/);
        await expect(guard.pushData({ n: 'bad' })).rejects.toThrow(QuarantineError);
        const report = guard.report();
        expect(report).toMatchObject({ receivedItems: 1, quarantinedItems: 0, discardedItems: 1, pendingItems: 0 });
    });
});

describe('tolerance', () => {
    it('makes pushes reject with ToleranceExceededError beyond it, naming the reasons', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ tolerance: { maxItems: 2 } });
        await guard.pushData([{ n: 'a' }, { n: 1 }, { n: 'b' }]);
        await guard.pushData({ n: 'c' });
        const error = await rejectionOf(guard.pushData({ n: 2 }));
        expect(error).toBeInstanceOf(ToleranceExceededError);
        expect(error).toMatchObject({ quarantinedItems: 3, receivedItems: 4 });
        expect(error.message).toContain('3 × /n must be a number');
        const report = await guard.close();
        expect(accountedItems(report)).toBe(report.receivedItems);
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(run.quarantined(id)).toHaveLength(3);
    });

    it('counts the ratio once minItems were received', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ tolerance: { maxRatio: 0.5, minItems: 4 } });
        for (const n of ['a', 'b', 'c', 1]) await guard.pushData({ n });
        await expect(guard.pushData({ n: 2 })).rejects.toThrow(ToleranceExceededError);
    });
});

describe('items that the program gets back with an error', () => {
    const lastLine = (lines: string[]) => lines.findLast((line) => /^(?:Stored|No items)/.test(line));

    it('are counted in the last line where the platform fails', async () => {
        const lines = collectLog();
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ ack: 'stored' });
        for (let n = 0; n < 10; n++) {
            if (n === 1) refuse(id, 401);
            await guard.pushData({ n }).catch(() => undefined);
        }
        await guard.close();
        expect(run.server.items(id)).toEqual([{ n: 0 }]);
        expect(lastLine(lines)).toMatch(/^Stored 1 item; 9 given back to the program with an error\./);
    });

    it('are counted where none of them was taken, and the line says that nothing is stored', async () => {
        const lines = collectLog();
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        refuse(id, 401);
        await guard.pushData({ n: 0 });
        await guard.flush().catch(() => undefined);
        for (let n = 1; n < 4; n++) await guard.pushData([{ n }, { n }]).catch(() => undefined);
        run.server.faults.clear();
        await guard.close();
        expect(run.server.items(id)).toEqual([{ n: 0 }]);
        expect(lastLine(lines)).toMatch(/^Stored 1 item; 6 given back to the program with an error\./);
    });

    it('are counted beyond the tolerance', async () => {
        const lines = collectLog();
        run.freshDataset(FIELDS);
        const guard = await run.open({ tolerance: { maxItems: 1 } });
        await guard.pushData([{ n: 1 }, { n: 'a' }, { n: 'b' }]);
        for (let n = 0; n < 50; n++) await guard.pushData({ n }).catch(() => undefined);
        await guard.close();
        expect(lastLine(lines)).toMatch(
            /^Stored 1 of 3 items; 2 \(67 %\) in quarantine, most often .*; 50 given back to the program with an error\./,
        );
    });

    it("are counted with mode: 'fail', with which a call takes all or none", async () => {
        const lines = collectLog();
        run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail' });
        for (const items of [[{ n: 1 }, { n: 'a' }], [{ n: 'b' }], [{ n: 2 }]]) {
            await guard.pushData(items as never).catch(() => undefined);
        }
        expect(await guard.close()).toMatchObject({ receivedItems: 4, storedItems: 1, discardedItems: 3 });
        expect(lastLine(lines)).toMatch(/^Stored 1 item; 3 given back to the program with an error\./);
    });
});
