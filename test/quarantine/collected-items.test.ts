import type { BasicCrawlingContext } from '@crawlee/basic';
import { BasicCrawler } from '@crawlee/basic';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { crawlerOptions } from '../crawlee/support/crawling.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

const FIELDS = { type: 'object', properties: { n: { type: 'number' } } };
const MAX_PAYLOAD_BYTES = 1_024;

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('a handler that has collected more bad items than a request holds', () => {
    it('fails its request where their records can be written nowhere, and the process lives on', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ maxPayloadBytes: MAX_PAYLOAD_BYTES, quarantine: 'refused' });
        run.server.faults.use(({ method, path }) =>
            method !== 'GET' && (path.endsWith('/v2/datasets') || path.includes('/DATASET-GUARD-QUARANTINE'))
                ? { status: 403 }
                : undefined,
        );
        const errors: Error[] = [];
        const crawler = new BasicCrawler({
            ...(await crawlerOptions(1)),
            maxRequestRetries: 0,
            requestHandler: guard.handler<BasicCrawlingContext>(async ({ pushData }) => {
                for (let n = 0; n < 20; n++) await pushData({ n: `bad ${n}`, text: 'x'.repeat(200) });
            }),
            failedRequestHandler: (_, error) => void errors.push(error),
        });
        await crawler.run([{ url: 'http://site.test/1' }]);
        expect(errors).toMatchObject([{ name: 'QuarantineError' }]);
        // `reset` fails where a rejection went unhandled.
    });
});
