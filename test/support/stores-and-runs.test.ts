import { ApifyClient } from 'apify-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ApiServer, startApiServer } from './api-server.js';

describe('the API server besides datasets', () => {
    let server: ApiServer;
    let client: ApifyClient;

    beforeEach(async () => {
        server = await startApiServer({
            actorDefinition: { storages: { dataset: { actorSpecification: 1 } } },
            run: {
                chargeEvents: {
                    'movie': { eventPriceUsd: 0.01 },
                    'apify-default-dataset-item': { eventPriceUsd: 0.001 },
                },
                maxTotalChargeUsd: 5,
            },
        });
        client = new ApifyClient({ baseUrl: server.url, token: server.token!, maxRetries: 0 });
    });
    afterEach(async () => server.close());

    it('keeps records byte for byte, whatever their type and size', async () => {
        const store = client.keyValueStore(server.ids.keyValueStoreId);
        const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 256));
        await store.setRecord({ key: 'bytes', value: bytes as never });
        await store.setRecord({ key: 'json', value: { text: 'ž'.repeat(2000) } });
        await store.setRecord({ key: 'lines.jsonl', value: '{}\n{}\n', contentType: 'application/x-ndjson' });

        expect((await store.getRecord('bytes'))!.value).toEqual(bytes);
        expect((await store.getRecord('json'))!.value).toEqual({ text: 'ž'.repeat(2000) });
        expect(server.record(server.ids.keyValueStoreId, 'lines.jsonl')).toEqual({
            value: Buffer.from('{}\n{}\n'),
            contentType: 'application/x-ndjson',
        });
        expect([await store.recordExists('json'), await store.recordExists('none')]).toEqual([true, false]);
        expect(await store.getRecord('none')).toBeUndefined();
        await store.deleteRecord('json');
        expect(await store.getRecord('json')).toBeUndefined();
    });

    it('lists keys in pages, and those with a prefix', async () => {
        const { id } = await client.keyValueStores().getOrCreate('my-store');
        const store = client.keyValueStore(id);
        for (const key of ['b-2', 'a', 'b-1', 'c', 'b-3']) await store.setRecord({ key, value: key });
        const page = await store.listKeys({ limit: 2 });
        expect([page.items.map(({ key }) => key), page.isTruncated]).toEqual([['a', 'b-1'], true]);
        const keys = [];
        for await (const { key } of store.listKeys({ limit: 2, prefix: 'b-' })) keys.push(key);
        expect(keys).toEqual(['b-1', 'b-2']);
        expect((await store.listKeys({ prefix: 'b-' })).items).toHaveLength(3);
        const rest = await store.listKeys({ exclusiveStartKey: page.nextExclusiveStartKey });
        expect(rest.items.map(({ key }) => key)).toEqual(['b-2', 'b-3', 'c']);
    });

    it('shows the run with its prices, and counts charges once for each idempotency key', async () => {
        const run = client.run(server.ids.runId);
        await run.charge({ eventName: 'movie', count: 3, idempotencyKey: 'k' });
        await run.charge({ eventName: 'movie', count: 3, idempotencyKey: 'k' });
        await run.charge({ eventName: 'movie' });
        await run.dataset().pushItems([{}, {}]);

        expect(server.charges).toMatchObject([
            { eventName: 'movie', count: 3, idempotencyKey: 'k', isDuplicate: false },
            { isDuplicate: true },
            { count: 1, isDuplicate: false },
        ]);
        expect(await run.get()).toMatchObject({
            pricingInfo: { pricingModel: 'PAY_PER_EVENT', pricingPerEvent: { actorChargeEvents: { movie: {} } } },
            chargedEventCounts: { 'movie': 4, 'apify-default-dataset-item': 2 },
            options: { maxTotalChargeUsd: 5 },
        });
        expect(server.items()).toHaveLength(2);
    });

    it('notes the status message, reboot, metamorphosis and abort of a run', async () => {
        const run = client.run(server.ids.runId);
        const signals: string[] = [];
        server.onSignal((signal) => signals.push(signal));
        await run.update({ statusMessage: 'half way' });
        await run.reboot();
        await run.metamorph('somebody/other', { a: 1 });
        expect(await run.abort({ gracefully: true })).toMatchObject({ status: 'ABORTING', statusMessage: 'half way' });
        expect(server.run).toMatchObject({
            reboots: 1,
            metamorphs: [{ targetActorId: 'somebody~other', input: '{"a":1}' }],
        });
        expect(signals).toEqual(['reboot', 'metamorph', 'aborting']);
        server.addRun({ runId: 'second' });
        expect(await client.run('second').get()).toMatchObject({ id: 'second', status: 'RUNNING' });
        expect(await client.run('none').get()).toBeUndefined();
    });

    it('shows the build with the definition of the Actor', async () => {
        expect(await client.build(server.ids.buildId).get()).toMatchObject({
            actorDefinition: { storages: { dataset: { actorSpecification: 1 } } },
        });
        expect(await client.build('none').get()).toBeUndefined();
    });

    it('queues requests, locks them for one client and lets them be handled', async () => {
        const { id } = await client.requestQueues().getOrCreate('my-queue');
        const one = client.requestQueue(id, { clientKey: 'one' });
        const two = client.requestQueue(id, { clientKey: 'two' });
        const added = await one.batchAddRequests(
            ['a', 'b', 'a'].map((uniqueKey) => ({ uniqueKey, url: `https://example.com/${uniqueKey}` })),
        );
        expect(added.processedRequests.map(({ wasAlreadyPresent }) => wasAlreadyPresent)).toEqual([false, false, true]);
        await one.addRequest({ uniqueKey: 'first', url: 'https://example.com' }, { forefront: true });

        const mine = await one.listAndLockHead({ limit: 1, lockSecs: 60 });
        expect(mine.items.map(({ uniqueKey }) => uniqueKey)).toEqual(['first']);
        const theirs = await two.listAndLockHead({ limit: 9, lockSecs: 60 });
        expect(theirs.items.map(({ uniqueKey }) => uniqueKey)).toEqual(['a', 'b']);
        await expect(two.prolongRequestLock(mine.items[0]!.id, { lockSecs: 60 })).rejects.toThrow(/another client/);

        const request = await one.getRequest(mine.items[0]!.id);
        await one.updateRequest({ ...request!, handledAt: new Date().toISOString() });
        expect(await one.get()).toMatchObject({
            totalRequestCount: 3,
            handledRequestCount: 1,
            hadMultipleClients: true,
        });
        await two.deleteRequestLock(theirs.items[1]!.id);
        expect((await one.listAndLockHead({ limit: 9, lockSecs: 60 })).items).toHaveLength(1);
    });
});
