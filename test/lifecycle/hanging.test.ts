import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openQuickly, savedItems } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
/** Longer than the run has. The SDK opens one dataset at a time, so that the next test waits for it. */
const HANGS = { delayMillis: 5_000, status: 503 } as const;

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** Not one that the SDK has opened before. */
let quarantines = 0;
const fresh = () => ({ flushIntervalMillis: 60_000, quarantine: `hanging-${++quarantines}` });

/** The run moves in two seconds. Resolves to how long the listeners took. */
async function migrate(): Promise<number> {
    const startedAt = performance.now();
    await emitEvent('migrating', { timeRemainingSecs: 2 });
    return performance.now() - startedAt;
}

describe('when the run moves while a part of the platform never answers, everything is saved in time', () => {
    it('where the quarantine cannot be opened', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'POST', path: /\/v2\/datasets$/, times: 100, fault: HANGS });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 100, fault: { status: 503 } });
        const guard = await openQuickly(fresh());
        await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 2 }]);
        expect(await migrate()).toBeLessThan(4_000);
        expect(savedItems(run.server, id)).toEqual([{ n: 1 }, { n: 2 }, { n: 'bad' }]);
    });

    it('where the platform rejects items, and neither the quarantine nor the schema can be had', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ ...fresh(), maxPayloadBytes: 2_048 });
        run.server.setSchema({ actorSpecification: 1, fields: { ...FIELDS, required: ['n', 'm'] } }, id);
        run.server.faults.next({ method: 'POST', path: /\/v2\/datasets$/, times: 100, fault: HANGS });
        run.server.faults.next({ method: 'GET', path: new RegExp(`${id}$`), times: 100, fault: HANGS });
        await guard.pushData([{ n: 1, m: 1 }, { n: 2 }]);
        expect(await migrate()).toBeLessThan(4_000);
        expect(run.server.items(id)).toEqual([{ n: 1, m: 1 }]);
        expect(savedItems(run.server, id)).toEqual([{ n: 2 }]);
    });

    it('where the schema alone cannot be had: what waits behind the rejected items is saved', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ ...fresh(), maxPayloadBytes: 2_048 });
        run.server.setSchema({ actorSpecification: 1, fields: { ...FIELDS, required: ['n', 'm'] } }, id);
        run.server.faults.next({ method: 'GET', path: new RegExp(`${id}$`), times: 100, fault: HANGS });
        const text = 'x'.repeat(1_100);
        await guard.pushData([
            { n: 1, text },
            { n: 2, m: 2, text },
        ]);
        expect(await migrate()).toBeLessThan(4_000);
        expect([...run.server.items(id), ...savedItems(run.server, id)].map(({ n }) => n)).toEqual([2]);
        expect(run.quarantined(id, `hanging-${quarantines}`).map(({ item }) => item!.n)).toEqual([1]);
    });

    it('where a push waits until its items are stored: it takes them back, and they are not saved as well', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'POST', path: /\/v2\/datasets$/, times: 100, fault: HANGS });
        const guard = await openQuickly({ ...fresh(), ack: 'stored' });
        const pushes = Promise.allSettled([guard.pushData([{ n: 1 }, { n: 'bad' }]), guard.pushData({ n: 'worse' })]);
        await expect.poll(() => run.server.items(id)).toEqual([{ n: 1 }]);
        expect(await migrate()).toBeLessThan(4_000);
        expect((await pushes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        expect(savedItems(run.server, id)).toEqual([]);
    });
});
