import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { QuarantineError } from '../../src/index.js';
import { deferred } from '../support/stage-clock.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

const FIELDS = { type: 'object', properties: { n: { type: 'number' } } };
/** No record holds an item that is larger. */
const MAX_PAYLOAD_BYTES = 1_024;
const large = (name: string) => ({ n: name, text: 'x'.repeat(2 * MAX_PAYLOAD_BYTES) });

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const namesIn = (id: string) => run.quarantined(id).map(({ item }) => (item as { n?: unknown } | undefined)?.n);

describe('while the items of large records cannot be stored beside the quarantine', () => {
    it('pushes resolve, the bad items among them go to quarantine, and nothing is tried again for them', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ maxPayloadBytes: MAX_PAYLOAD_BYTES });
        let tries = 0;
        run.server.faults.use(({ method, path }) => {
            if (method !== 'PUT' || !path.includes('/records/item-')) return undefined;
            tries++;
            return { status: 403 };
        });
        await guard.pushData(large('large'));
        await expect(guard.flush()).rejects.toThrow(QuarantineError);
        const triesBefore = tries;
        for (let n = 0; n < 10; n++) await guard.pushData([{ n }, { n: `bad ${n}` }]);
        expect(tries).toBe(triesBefore);
        await expect(guard.flush()).rejects.toThrow(QuarantineError);
        expect(namesIn(id)).toEqual(Array.from({ length: 10 }, (_, n) => `bad ${n}`));
        expect(run.server.items(id)).toHaveLength(10);
        run.server.faults.clear();
        expect(await guard.close()).toMatchObject({ storedItems: 10, quarantinedItems: 11, pendingItems: 0 });
    });

    it('a push waits, and rejects, once they take up what may be buffered', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({
            maxPayloadBytes: MAX_PAYLOAD_BYTES,
            maxBufferedBytes: 5 * MAX_PAYLOAD_BYTES,
        });
        run.server.faults.use(({ path }) => (path.includes('/records/item-') ? { status: 403 } : undefined));
        await guard.pushData(large('1'));
        await guard.pushData(large('2'));
        await expect(guard.pushData([large('3'), large('4')])).rejects.toMatchObject({ unstored: [1] });
        run.server.faults.clear();
        await guard.flush();
        expect(await guard.pushData(large('4'))).toMatchObject({ quarantinedItems: 1 });
        expect(await guard.close()).toMatchObject({ receivedItems: 4, quarantinedItems: 4 });
    });
});

describe('while the store beside the quarantine is slow', () => {
    it('other records are written, and good items are stored', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ maxPayloadBytes: MAX_PAYLOAD_BYTES, ack: 'stored' });
        const mended = deferred<void>();
        run.server.faults.use(({ path }) => (path.includes('/records/item-') ? { until: mended.promise } : undefined));
        const pushed = guard.pushData(large('large'));
        try {
            const result = await guard.pushData([{ n: 1 }, { n: 'bad' }]);
            expect(result).toMatchObject({ acceptedItems: 1, quarantinedItems: 1 });
            expect(namesIn(id)).toEqual(['bad']);
        } finally {
            mended.resolve();
        }
        expect(await pushed).toMatchObject({ quarantinedItems: 1 });
        expect(await guard.close()).toMatchObject({ storedItems: 1, quarantinedItems: 2 });
    });
});
