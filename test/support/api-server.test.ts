import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import type { ApifyApiError } from 'apify-client';
import { ApifyClient } from 'apify-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ApiServer, startApiServer } from './api-server.js';

const ITEMS = /\/items$/;

describe('the API server', () => {
    let server: ApiServer;
    let client: ApifyClient;

    const connect = async (...[options]: Parameters<typeof startApiServer>): Promise<void> => {
        await server?.close();
        server = await startApiServer(options);
        client = new ApifyClient({
            baseUrl: server.url,
            token: server.token ?? undefined,
            maxRetries: 0,
            timeoutSecs: 5,
        });
    };
    const defaultDataset = (): ReturnType<ApifyClient['dataset']> => client.dataset(server.ids.datasetId);
    const failure = async (promise: Promise<unknown>): Promise<ApifyApiError> =>
        promise.then(
            () => expect.fail('resolved'),
            (error) => error,
        );

    beforeEach(async () => connect());
    afterEach(async () => server.close());

    it('stores the items of a push and lists them', async () => {
        await defaultDataset().pushItems([{ n: 1 }, { n: 2 }]);
        await defaultDataset().pushItems({ n: 3 });

        expect(server.items()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
        expect(await defaultDataset().listItems({ offset: 1, limit: 1 })).toMatchObject({
            items: [{ n: 2 }],
            total: 3,
            offset: 1,
            limit: 1,
            count: 1,
        });
        expect((await defaultDataset().listItems({ desc: true, limit: 2 })).items).toEqual([{ n: 3 }, { n: 2 }]);
        expect(await defaultDataset().get()).toMatchObject({ id: server.ids.datasetId, itemCount: 3, schema: null });
    });

    it('logs a compressed push as it came and as it was meant', async () => {
        const items = Array.from({ length: 100 }, (_, n) => ({ n, text: 'ščř 😀' }));
        await defaultDataset().pushItems(items);

        const [push] = server.pushRequests();
        expect(push).toMatchObject({ contentEncoding: 'br', itemCount: 100, isArray: true, status: 201, stored: true });
        expect(push!.bodyText).toBe(JSON.stringify(items));
        expect(push!.byteLength).toBe(Buffer.byteLength(JSON.stringify(items)));
        expect(push!.wireBytes).toBeLessThan(push!.byteLength);
        expect(server.items()).toEqual(items);
    });

    it.each([
        ['gzip', gzipSync],
        ['deflate', deflateSync],
        ['br', brotliCompressSync],
        ['identity', (body: Buffer) => body],
    ] as const)('reads a body that came as %s', async (encoding, encode) => {
        const post = async (body: Buffer): Promise<number> => {
            const headers = { 'authorization': `Bearer ${server.token}`, 'content-encoding': encoding };
            const url = `${server.url}/v2/datasets/${server.ids.datasetId}/items`;
            const { status } = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
            return status;
        };
        expect(await post(encode(Buffer.from('{"text":"ž"}')))).toBe(201);
        expect(server.items()).toEqual([{ text: 'ž' }]);
        expect(server.pushRequests()[0]).toMatchObject({ contentEncoding: encoding, isArray: false, byteLength: 13 });
        expect(await post(Buffer.from('neither'))).toBe(400);
    });

    it('takes its time when told so', async () => {
        server.latencyMillis = 200;
        const startedAt = performance.now();
        await defaultDataset().get();
        expect(performance.now() - startedAt).toBeGreaterThan(190);
    });

    it('keeps neither bodies nor items when told so, but counts them', async () => {
        await connect({ keepBodies: false, keepItems: false });
        await defaultDataset().pushItems([{ n: 1 }, { n: 2 }]);

        expect(server.items()).toEqual([]);
        expect(server.pushRequests()[0]).toMatchObject({ bodyText: undefined, itemCount: 2, byteLength: 17 });
        expect((await defaultDataset().get())!.itemCount).toBe(2);
    });

    it('takes 100,000 items at once', async () => {
        const items = Array.from({ length: 100_000 }, (_, n) => ({ n }));
        await defaultDataset().pushItems(items);
        const list = await defaultDataset().listItems();
        expect([list.items.length, list.items.at(-1)]).toEqual([100_000, { n: 99_999 }]);
    });

    it('rejects a push whose decompressed body is over the limit', async () => {
        await connect({ maxPayloadBytes: 2000 });
        const error = await failure(defaultDataset().pushItems([{ text: 'x'.repeat(3000) }]));
        expect(error).toMatchObject({
            statusCode: 413,
            type: 'request-too-large',
            message: 'The POST payload is too large (limit: 2000 bytes, actual length: 3013 bytes).',
        });
        expect(server.items()).toEqual([]);
    });

    it.each(['not JSON', '[{}, 5]', '[null]', '"text"', '[[]]'])('stores nothing of %s', async (body) => {
        expect(await failure(defaultDataset().pushItems(body))).toMatchObject({ statusCode: 400 });
        expect(server.items()).toEqual([]);
    });

    it('finds a dataset by id and by username~name, and creates it by name once', async () => {
        expect(await client.dataset('my-data').get()).toBeUndefined();
        const created = await client.datasets().getOrCreate('My-data');
        expect((await client.datasets().getOrCreate('my-DATA')).id).toBe(created.id);
        expect((await client.dataset('tester/my-data').get())!.id).toBe(created.id);
        expect(server.dataset('my-data')!.id).toBe(created.id);
        await client.dataset(created.id).delete();
        expect(await client.dataset(created.id).get()).toBeUndefined();
    });

    it.each(['-a', 'a-', 'a_b', 'a'.repeat(64), 'á'])('refuses the dataset name %s', async (name) => {
        expect(await failure(client.datasets().getOrCreate(name))).toMatchObject({ statusCode: 400 });
    });

    it('shows stored items late when told so', async () => {
        await connect({ listingLagMillis: 300, itemCountLagMillis: 600 });
        await defaultDataset().pushItems([{ n: 1 }]);
        expect(await defaultDataset().listItems()).toMatchObject({ items: [], total: 0 });
        await expect.poll(async () => (await defaultDataset().listItems()).items.length).toBe(1);
        expect((await defaultDataset().get())!.itemCount).toBe(0);
        await expect.poll(async () => (await defaultDataset().get())!.itemCount).toBe(1);
    });

    it('refuses a wrong token, a missing one, and writing to a dataset of somebody else', async () => {
        const push = async (token?: string): Promise<ApifyApiError> =>
            failure(new ApifyClient({ baseUrl: server.url, token }).dataset(server.ids.datasetId).pushItems([{}]));
        expect(await push('wrong')).toMatchObject({ statusCode: 401 });
        expect(await push()).toMatchObject({ statusCode: 401 });
        server.addDataset({ id: 'others', readOnly: true });
        expect(await failure(client.dataset('others').pushItems([{}]))).toMatchObject({ statusCode: 403 });
        expect(await client.user('me').get()).toMatchObject({ username: 'tester' });
    });

    describe('with a fault', () => {
        it.each([401, 402, 403, 404, 413, 429, 500, 503])('answers %i without storing', async (status) => {
            server.faults.next({ path: ITEMS, fault: { status } });
            expect(await failure(defaultDataset().pushItems([{}]))).toMatchObject({ statusCode: status });
            expect(server.pushRequests()).toMatchObject([{ status, stored: false, itemCount: 1 }]);
            await defaultDataset().pushItems([{}]);
            expect(server.items()).toHaveLength(1);
        });

        it('answers 500 although the items are stored', async () => {
            server.faults.next({ path: ITEMS, fault: { when: 'after', status: 500 } });
            expect(await failure(defaultDataset().pushItems([{}]))).toMatchObject({ statusCode: 500 });
            expect(server.items()).toHaveLength(1);
            expect(server.pushRequests()).toMatchObject([{ status: 500, stored: true }]);
        });

        it.each([
            ['before', 0],
            ['after', 1],
        ] as const)('cuts the connection %s storing', async (when, stored) => {
            server.faults.next({ path: ITEMS, fault: { when, cut: true } });
            expect(await failure(defaultDataset().pushItems([{}]))).toMatchObject({ code: 'ECONNRESET' });
            expect(server.items()).toHaveLength(stored);
            expect(server.requests).toEqual([{ method: 'POST', path: server.requests[0]!.path, status: 0 }]);
        });

        it('never answers, until the client gives up or the server closes', async () => {
            client = new ApifyClient({ baseUrl: server.url, token: server.token!, timeoutSecs: 0.2, maxRetries: 0 });
            server.faults.next({ path: ITEMS, fault: { when: 'after', hang: true } });
            expect(await failure(defaultDataset().pushItems([{}]))).toMatchObject({ code: 'ECONNABORTED' });
            expect(server.items()).toHaveLength(1);
        });

        it('stores late what a client has given up on', async () => {
            client = new ApifyClient({ baseUrl: server.url, token: server.token!, timeoutSecs: 0.1, maxRetries: 0 });
            for (const [index, fault] of [{ delayMillis: 300 }, { givenUp: true, delayMillis: 50 }].entries()) {
                server.faults.next({ path: ITEMS, fault });
                expect(await failure(defaultDataset().pushItems([{}]))).toMatchObject({ code: 'ECONNABORTED' });
                expect(server.items()).toHaveLength(index);
                await expect.poll(() => server.items().length).toBe(index + 1);
            }
        });

        it('strikes the chosen requests only: by method, path, number and content', async () => {
            server.faults.next({ method: 'POST', path: ITEMS, skip: 1, times: 2, fault: { status: 429 } });
            const stop = server.faults.use((call) => (call.text().includes('poison') ? { status: 400 } : undefined));
            const statuses = [];
            for (const item of [{ n: 1 }, { n: 2 }, { n: 3 }, { poison: 4 }, { n: 5 }]) {
                await defaultDataset()
                    .pushItems([item])
                    .catch(() => {});
                await defaultDataset().listItems();
                statuses.push(server.pushRequests().at(-1)!.status);
            }
            expect(statuses).toEqual([201, 429, 429, 400, 201]);
            expect(server.faults.pending).toBe(0);
            stop();
            await defaultDataset().pushItems([{ poison: 6 }]);
            expect(server.requestCount({ method: 'POST', path: ITEMS })).toBe(6);
            expect(server.requestCount({ method: 'GET' })).toBe(5);
        });
    });
});
