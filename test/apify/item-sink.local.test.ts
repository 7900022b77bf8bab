import { Actor } from 'apify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TUNING } from '../../src/apify/environment.js';
import { createItemSink } from '../../src/apify/item-sink.js';
import { PayloadPool } from '../../src/pipeline/chunk.js';
import type { LocalRun } from '../support/local-run.js';
import { startLocalRun } from '../support/local-run.js';

describe('the sink of a dataset in the memory storage', () => {
    let local: LocalRun;
    beforeAll(async () => {
        local = await startLocalRun();
    });
    afterAll(async () => local.stop());

    it('stores items one by one, to the letter, and lists them', async () => {
        const dataset = await Actor.openDataset('local-sink');
        const sink = createItemSink(dataset, TUNING);
        const payload = new PayloadPool(1_000).open('{"n":1,"__proto__":{"x":1}}');
        payload.tryAppend('{"text":"ü😀"}');
        expect(await sink.send(payload)).toEqual({ kind: 'stored' });
        expect(await local.texts('local-sink')).toEqual(['{"n":1,"__proto__":{"x":1}}', '{"text":"ü😀"}']);
        expect(await sink.list(1, 10)).toEqual([{ text: 'ü😀' }]);
        expect(sink).toMatchObject({ datasetName: 'local-sink', retries: false });
    });
});
