import type { Dataset } from 'apify';
import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { INTERNAL_DEFAULTS } from '../../src/apify/environment.js';
import { createItemSink } from '../../src/apify/item-sink.js';
import { PayloadPool } from '../../src/delivery/payload.js';
import type { Fault } from '../support/api-server.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

function payloadOf(...texts: string[]) {
    const [first, ...others] = texts;
    const payload = new PayloadPool(1_000_000).open(first!);
    for (const text of others) payload.tryAppend(text);
    return payload;
}

describe('the sink of a dataset on the platform', () => {
    let run: PlatformRun;
    let id: string;
    let dataset: Dataset;
    beforeAll(async () => {
        run = await startPlatformRun();
    });
    afterEach(async () => run.reset());
    afterAll(async () => run.stop());

    async function freshSink(fields?: Record<string, any>) {
        id = run.freshDataset(fields);
        dataset = await Actor.openDataset();
        return createItemSink(dataset, INTERNAL_DEFAULTS);
    }

    it.each([10, 9_000, 9_400, 200_000])('sends the body byte for byte: text of %i characters', async (length) => {
        const sink = await freshSink();
        const payload = payloadOf(JSON.stringify({ text: 'ü😀x'.repeat(length / 4) }), String.raw`{"lone":"\ud800"}`);
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        const [push] = run.server.pushRequests(id);
        expect(push).toMatchObject({
            bodyText: payload.body.toString(),
            byteLength: payload.byteLength,
            contentEncoding: payload.byteLength < 16_384 ? 'identity' : 'br',
            isArray: true,
            itemCount: 2,
        });
        const request = run.server.requests.find(({ method, path }) => method === 'POST' && path.includes(id));
        expect(request).toBeDefined();
    });

    it('sends a payload that was prepared, as often as it takes', async () => {
        const sink = await freshSink();
        const payload = payloadOf(JSON.stringify({ text: 'x'.repeat(20_000) }));
        sink.prepare!(payload);
        run.server.faults.next({ path: id, method: 'POST', fault: { status: 500 } });
        expect(await sink.send(payload)).toMatchObject({ kind: 'unavailable' });
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        const pushes = run.server.pushRequests(id);
        expect(pushes.map(({ bodyText }) => bodyText)).toEqual(new Array(2).fill(payload.body.toString()));
        expect(pushes.map(({ contentEncoding }) => contentEncoding)).toEqual(['br', 'br']);
    });

    it('sends bodies as they are when compression is off', async () => {
        id = run.freshDataset();
        const sink = createItemSink(await Actor.openDataset(), INTERNAL_DEFAULTS, 'none');
        const payload = payloadOf(JSON.stringify({ text: 'ü😀x'.repeat(10_000) }));
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        const [push] = run.server.pushRequests(id);
        expect(push).toMatchObject({ bodyText: payload.body.toString(), contentEncoding: 'identity' });
        expect(push!.wireBytes).toBe(payload.byteLength);
    });

    const outcomes: [fault: Fault, result: Record<string, unknown>][] = [
        [{ status: 400 }, { kind: 'bad-request' }],
        [{ status: 401 }, { kind: 'refused' }],
        [{ status: 402 }, { kind: 'refused' }],
        [{ status: 403 }, { kind: 'refused' }],
        [{ status: 404 }, { kind: 'refused' }],
        [{ status: 413 }, { kind: 'too-large' }],
        [{ status: 429 }, { kind: 'unavailable', outcomeUnknown: false }],
        [{ status: 500 }, { kind: 'unavailable', outcomeUnknown: true }],
        [{ status: 502 }, { kind: 'unavailable', outcomeUnknown: true }],
        [
            { status: 503, when: 'after' },
            { kind: 'unavailable', outcomeUnknown: true },
        ],
        [{ cut: true }, { kind: 'unavailable', outcomeUnknown: true }],
        [
            { cut: true, when: 'after' },
            { kind: 'unavailable', outcomeUnknown: true },
        ],
    ];
    it.each(outcomes)('makes one attempt, and says what came of it: %j', async (fault, result) => {
        const sink = await freshSink();
        run.server.faults.next({ method: 'POST', path: `${id}/items`, times: 5, fault });
        expect(await sink.send(payloadOf('{"n":1}'))).toMatchObject(result);
        expect(run.server.pushRequests(id)).toHaveLength(1);
        expect(run.server.items(id)).toHaveLength(fault.when === 'after' ? 1 : 0);
    });

    it('gives up on an answer that does not come, without knowing the outcome', async () => {
        id = run.freshDataset();
        const sink = createItemSink(await Actor.openDataset(), { ...INTERNAL_DEFAULTS, requestTimeoutSecs: 0.2 });
        run.server.faults.next({ method: 'POST', path: `${id}/items`, fault: { hang: true, when: 'after' } });
        expect(await sink.send(payloadOf('{"n":1}'))).toMatchObject({ kind: 'unavailable', outcomeUnknown: true });
        expect(run.server.pushRequests(id)).toHaveLength(1);
    });

    it('names the items that fail the schema', async () => {
        const sink = await freshSink({ type: 'object', required: ['n'] });
        const result = await sink.send(payloadOf('{"n":1}', '{}'));
        expect(result).toMatchObject({
            kind: 'invalid',
            invalidItems: [{ itemPosition: 1, errors: [{ instancePath: '/1', keyword: 'required' }] }],
        });
    });

    it('lists stored items in order, from an offset on', async () => {
        const sink = await freshSink();
        await sink.send(payloadOf('{"n":1}', '{"n":2}', '{"n":3}'));
        expect(await sink.list(0, 2)).toMatchObject({ items: [{ n: 1 }, { n: 2 }], total: 3 });
        expect(await sink.list(2, 10)).toMatchObject({ items: [{ n: 3 }] });
        expect(await sink.list(3, 10)).toMatchObject({ items: [] });
    });

    it('carries the id, and the name where there is one', async () => {
        expect(await freshSink()).toMatchObject({ datasetId: id, datasetName: undefined, retries: true });
        const named = createItemSink(await Actor.openDataset('sink-named'), INTERNAL_DEFAULTS);
        expect(named.datasetName).toBe('sink-named');
        expect(named.datasetId).toBe(run.server.dataset('sink-named')!.id);
    });
});
