import { createHash } from 'node:crypto';

import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { emitEvent, openInNextProcess, openQuickly, unsentKeys } from './support/run-events.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

type Listener = (event: unknown) => unknown;

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('the next process of a run', () => {
    it('sends what the one before could not, once, and takes the records away', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        const before = await openQuickly();
        await before.pushData([{ n: 1 }, { n: 2 }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        expect(unsentKeys(run.server, id)).toHaveLength(1);

        run.server.faults.clear();
        const after = await openInNextProcess();
        await after.pushData({ n: 3 });
        await after.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('finds what a request whose answer was lost has stored', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: `${id}/items`, fault: { hang: true, when: 'after' } });
        const before = await openQuickly();
        await before.pushData([{ n: 1 }, { n: 2 }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        expect(run.server.items(id)).toHaveLength(2);
        expect(unsentKeys(run.server, id)).toHaveLength(1);

        const after = await openInNextProcess();
        await after.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(after.report()).toMatchObject({ receivedItems: 2, storedItems: 2 });
    });

    it('finds it also where the request was without items that had been named before', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, skip: 1, fault: { hang: true, when: 'after' } });
        const before = await openQuickly({ schema: false });
        await before.pushData([{ n: 1 }, { n: 'bad' }, { n: 2 }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);

        const after = await openInNextProcess({ schema: false });
        await after.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        expect(run.quarantined(id).map(({ item }) => item)).toEqual([{ n: 'bad' }]);
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('sends only what is missing of a batch whose requests stored parts of it before the end', async () => {
        const id = run.freshDataset(FIELDS);
        const items = Array.from({ length: 12 }, (_, n) => ({ n }));
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        const before = await openQuickly();
        await before.pushData(items);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        // As halving leaves it when the process ends in its middle, with another writer in between.
        const dataset = Actor.apifyClient.dataset(id);
        for (const part of [items.slice(0, 3), [{ n: 100 }], items.slice(4, 5), items.slice(5, 9)]) {
            await dataset.pushItems(part);
        }

        const after = await openInNextProcess();
        await after.close();
        const stored = run.server.items<{ n: number }>(id).map(({ n }) => n);
        expect(stored).toEqual([0, 1, 2, 100, 4, 5, 6, 7, 8, 3, 9, 10, 11]);
        expect(after.report()).toMatchObject({ receivedItems: 12, storedItems: 12 });
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('sends nothing of a record that replaces another one which is still there', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        const before = await openQuickly();
        await before.pushData([{ n: 1 }, { n: 2 }, { n: 3 }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        // The process was killed before it could take the first record away.
        const [key] = unsentKeys(run.server, id);
        const [header, , ...lines] = run.server.records().get(key!)!.value.toString().trim().split('\n');
        const store = await Actor.openKeyValueStore();
        const saveAgain = async (name: string, replaces: string[][]) => {
            const payloadHash = createHash('sha256').update(lines.join('\n')).digest('hex');
            const first = { ...JSON.parse(header!), itemCount: lines.length, payloadHash, replaces };
            const text = [JSON.stringify(first), ...lines, ''].join('\n');
            await store.setValue(`${key!.slice(0, -1)}${name}`, text, { contentType: 'application/x-ndjson' });
        };
        await saveAgain('x', [[key!]]);
        // Of what this one replaces a part is gone: it counts.
        await saveAgain('y', [[key!, `${key}-gone`]]);

        const after = await openInNextProcess();
        await after.close();
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(after.report()).toMatchObject({ receivedItems: 5, storedItems: 5 });
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('does not send again what was stored after it had been saved', async () => {
        const id = run.freshDataset(FIELDS);
        const items = Array.from({ length: 40 }, (_, n) => ({ n, text: 'x'.repeat(50) }));
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        const first = await openQuickly();
        await first.pushData(items);
        await emitEvent('migrating', { timeRemainingSecs: 2 });

        // The second process stores half of it and can do no more.
        run.server.faults.clear();
        run.server.faults.use((call) =>
            call.method !== 'POST' || !call.path.includes(id)
                ? undefined
                : call.body.length > 2_000
                  ? { status: 413 }
                  : run.server.items(id).length > 0
                    ? { status: 503 }
                    : undefined,
        );
        const second = await openInNextProcess();
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        expect(run.server.items(id)).toHaveLength(20);
        expect(second.report()).toMatchObject({ storedItems: 20, pendingItems: 20 });

        run.server.faults.clear();
        const third = await openInNextProcess();
        await third.close();
        expect(run.server.items(id)).toEqual(items);
        expect(third.report()).toMatchObject({ receivedItems: 40, storedItems: 40 });
        expect(unsentKeys(run.server, id)).toEqual([]);
    });

    it('has the items that were accepted after a first signal had saved others', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 403 } });
        const before = await openQuickly({ maxPayloadBytes: 1_024, flushIntervalMillis: 60_000 });
        const long = 'x'.repeat(600);
        await before.pushData([{ n: 1, long }, { n: 2, long }, { n: 3 }]);
        // Refused, so there is time left.
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { hang: true } });
        const again = emitEvent('migrating', { timeRemainingSecs: 2 });
        await new Promise(setImmediate);
        await before.pushData({ n: 4 });
        await again;

        run.server.faults.clear();
        const after = await openInNextProcess();
        await after.close();
        expect(run.server.items(id).map(({ n }) => n)).toEqual([1, 2, 3, 4]);
    });

    it('goes on counting where the one before stopped', async () => {
        const id = run.freshDataset(FIELDS);
        const before = await openQuickly();
        await before.pushData([{ n: 1 }, { n: 'bad' }]);
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        const after = await openInNextProcess();
        await after.pushData([{ n: 2 }, { n: 'worse' }]);
        const report = await after.close();
        expect(report).toMatchObject({ receivedItems: 4, storedItems: 2, quarantinedItems: 2, requests: 2 });
        expect(report.startedAt).toBe(before.report().startedAt);
        expect(report.reasons).toMatchObject([{ path: '/n', count: 2 }]);
        expect(run.server.items(id)).toHaveLength(2);
    });

    it('goes on counting also where nothing but the dataset was dead', async () => {
        const id = run.freshDataset(FIELDS);
        const before = await openQuickly({ ack: 'stored' });
        await before.pushData([{ n: 1 }]);
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 403 } });
        await expect(before.pushData([{ n: 2 }])).rejects.toMatchObject({ code: 'DELIVERY' });
        await emitEvent('migrating', { timeRemainingSecs: 2 });
        run.server.faults.clear();
        const after = await openInNextProcess();
        expect(after.report()).toMatchObject({ receivedItems: 2, storedItems: 1, discardedItems: 1 });
    });
});

describe('a push that waits for room when the run is about to move', () => {
    it('is sent before the listeners are done', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await openQuickly({ maxPayloadBytes: 1_024, maxBufferedBytes: 2_048 });
        run.server.latencyMillis = 20;
        const push = guard.pushData(Array.from({ length: 40 }, (_, n) => ({ n, text: 'x'.repeat(200) })));
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        const { acceptedItems } = await push;
        expect(acceptedItems).toBe(40);
        expect(run.server.items(id)).toHaveLength(40);
    });
});

describe('flush()', () => {
    it('right after a push that could not wait rejects while the platform is down, and sends once it is up', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.use(({ path }) => (path.includes(`${id}/items`) ? { status: 503 } : undefined));
        const guard = await openQuickly({ maxPayloadBytes: 1_024, maxBufferedBytes: 1_024 }, { maxRetries: 1 });
        const text = 'x'.repeat(900);
        await guard.pushData({ n: 1, text });
        const flushed = guard.pushData({ n: 2, text }).catch(async () => guard.flush());
        await expect(flushed).rejects.toMatchObject({ code: 'DELIVERY' });

        run.server.faults.clear();
        await guard.flush();
        await guard.pushData({ n: 3, text });
        await guard.flush();
        expect(run.server.items(id).map(({ n }) => n)).toEqual([1, 3]);
    });
});

it('no listener of the guard ever rejects', async () => {
    const id = run.freshDataset(FIELDS);
    const opened = await openQuickly();
    await opened.pushData({ n: 1 });
    run.server.faults.use(() => ({ status: 403 }));
    const events = Actor.config.getEventManager();
    for (const event of ['persistState', 'migrating', 'aborting'] as const) {
        await Promise.all(
            events.listeners(event as 'exit').map(async (listener) => (listener as Listener)({ timeRemainingSecs: 2 })),
        );
    }
    expect(opened.report()).toMatchObject({ receivedItems: 1, storedItems: 0 });
    run.server.faults.clear();
    expect(run.server.items(id)).toEqual([]);
});
