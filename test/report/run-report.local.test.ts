import { readFile } from 'node:fs/promises';

import { BasicCrawler } from '@crawlee/basic';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { LocalRun } from '../support/local-run.js';
import { startLocalRun } from '../support/local-run.js';
import { collectLog } from './support/log-lines.js';

const DEFINITION = {
    '.actor/actor.json': {
        actorSpecification: 1,
        name: 'movies',
        version: '0.1',
        storages: { dataset: './schema.json' },
    },
    '.actor/schema.json': {
        actorSpecification: 1,
        fields: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } },
    },
};

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('locally, the report', () => {
    it('is a file that the last line of the log names', async () => {
        const lines = collectLog();
        await run.fresh(DEFINITION);
        const guard = await run.open();
        await guard.pushData([{ title: 'Alien' }, { title: 1941 }]);
        const report = await guard.close();
        const records = await run.records('default');
        expect(JSON.parse(records['DATASET-GUARD-REPORT.json']!)).toEqual(report);
        const [, file] =
            /^Stored 1 of 2 items; 1 \(50 %\) in quarantine, most often \/title must be text\. Report: (.*)\. To bring items back: npx apify-dataset-guard redrive movies-quarantine$/.exec(
                lines.at(-1)!,
            )!;
        expect(file).toMatch(/key_value_stores.default.DATASET-GUARD-REPORT-HTML\.html$/);
        const page = await readFile(file!, 'utf8');
        expect(page).toBe(records['DATASET-GUARD-REPORT-HTML.html']);
        expect(page).toContain('1 item stored, 1 in quarantine');
        expect(page).toContain('.actor/schema.json');
        expect(page).toContain('movies-quarantine');
        expect(page).not.toContain('console.apify.com');
    });

    it('shows beside each sample the page that it came from', async () => {
        await run.fresh(DEFINITION);
        const guard = await run.open();
        const crawler = new BasicCrawler({
            requestHandler: guard.handler(async ({ request, pushData }) => {
                await pushData([{ title: request.url }, { title: request.url.length }, { year: 1979 }]);
            }),
        });
        await crawler.run(['https://example.com/alien?a=1&b=2', 'https://example.com/brazil']);
        await guard.close();
        const page = (await run.records('default'))['DATASET-GUARD-REPORT-HTML.html']!;
        expect(page).toContain('2 items stored, 4 in quarantine');
        const link = `<a href="https://example.com/alien?a=1&amp;b=2" rel="noopener noreferrer nofollow"><bdi>example.com/alien?a=1&amp;b=2</bdi></a>`;
        // Once beside its number, and once where the title is missing.
        expect(page.replaceAll(/\s+/g, ' ').split(link)).toHaveLength(3);
    });

    it('of a dataset with an alias is called by it', async () => {
        await run.fresh({
            ...DEFINITION,
            '.actor/actor.json': {
                actorSpecification: 1,
                name: 'movies',
                version: '0.1',
                storages: { datasets: { default: './schema.json', reviews: './schema.json' } },
            },
        });
        const guard = await run.open({ dataset: { alias: 'reviews' } });
        await guard.pushData({ title: 'Alien' });
        await guard.close();
        const records = await run.records('default');
        expect(JSON.parse(records['DATASET-GUARD-REPORT.reviews.json']!)).toMatchObject({ storedItems: 1 });
        expect(records['DATASET-GUARD-REPORT-HTML.reviews.html']).toContain('1 item stored');
    });
});
