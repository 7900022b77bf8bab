import { describe, expect, it } from 'vitest';

import { renderReportPage } from '../../../src/report/html/render.js';
import type { QuarantineRecord } from '../../../src/records.js';
import { ReasonCounts } from '../../../src/quality/reasons.js';
import type { ReportPage } from '../../../src/report/page.js';
import { HOSTILE_TEXTS } from '../support/hostile.js';
import type { Failing } from '../support/pages.js';
import { failure, moviePage, pageOf } from '../support/pages.js';

/** The text that a person reads on the page: no markup, no style sheet, white space as one space. */
function textOf(html: string): string {
    return html
        .replace(/<style>.*<\/style>/s, '')
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&');
}

const page = (changes: Partial<ReportPage>): string => textOf(renderReportPage({ ...moviePage(), ...changes }));
const order = (text: string, words: string[]) => words.map((word) => text.indexOf(word));

describe('the page of a run', () => {
    it('tells in this order what it is, the verdict, fields, reasons, repairs, duplicates, what to do, details', () => {
        const places = order(page({}), [
            'tester/movie-shop',
            '48,225 items stored, 290 in quarantine Run RunRunRunRunRun01',
            'Warning: price is filled in 67 % of items; expected at least 95 % only 48,225 items stored',
            '48,540 items received',
            ' Fields ',
            ' Why items are in quarantine ',
            ' Repairs ',
            ' Duplicates ',
            ' What to do ',
            ' Technical details ',
        ]);
        expect(places).not.toContain(-1);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
    });

    it('has fields with gaps or failures as rows, the worst first, and folds the others', () => {
        const text = page({});
        expect(text).toContain('7 of 10 fields have gaps or failures.');
        expect(text).toMatch(
            /Field Filled Null Failed Example Price \/price 66.5 % of 200 0 1 0.1 Title \/title 97.5 % of 200 0 1 "Movie 1"/,
        );
        expect(text).toContain('/rating 85.5 % of 200 29 0 "PG" 3 fields filled in all items /url /year /scrapedBy');
    });

    it('groups reasons by field, in the words of the schema, with values, their counts and the first item', () => {
        const text = page({});
        expect(text).toMatch(
            /Price \/price In euros, with tax\. must be a number 212 73.1 % "EUR 12,90" × 212 shop.example.com\/movies\/alien-1979/,
        );
        expect(text).toMatch(/Title \/title .* must have at least 1 character 41 14.1 % .* is missing 9 3.1 %/);
        expect(text).toMatch(/{"name":"Movies & More"} × 41 \/offers\/1\/seller shop.example.com\/movies\/brazil/);
        expect(text).toContain('must be a date such as 2025-01-31 , says the platform 3 1 %');
    });

    it('leaves items out that were given back, but for the technical details', () => {
        const text = page({});
        expect(text).toMatch(
            /48,540 items received 48,225 stored 99.4 % 290 in quarantine 0.6 % 25 duplicates left out < 0.1 %/,
        );
        expect(text).toContain('Items given back to their caller 30');
    });

    it('tells what was repaired, what was a duplicate, and how to bring items back', () => {
        const text = page({});
        expect(text).toContain(
            '/year written in the right type: "1979" → 1979 300 /offers/*/note removed: "sold out" → nothing 11',
        );
        expect(text).toContain('25 items had the key of an item that came before, and were left out.');
        expect(text).toContain('npx apify-dataset-guard redrive tester-movie-shop-quarantine');
    });

    it('leaves empty sections out', () => {
        const bare = pageOf([]);
        expect(textOf(renderReportPage(bare))).toBe(
            ' 1,000 items stored 1,000 items stored 24 Nov 2026, 09:00:05 UTC 1,000 items received 1,000 stored 100 % 0 in quarantine 0 % ' +
                'Technical details Requests, schema, run About As of 24 Nov 2026, 09:00:05 UTC ',
        );
        expect(page({ repairs: [], duplicates: { found: 0, samples: [] }, fields: [] })).not.toMatch(
            /Repairs|Duplicates|Fields/,
        );
    });

    it('says "so far" while the run goes on', () => {
        const text = page({ isOpen: true });
        expect(text).toContain(
            '48,225 items stored, 290 in quarantine so far Run RunRunRunRunRun01 , still going, as of 24 Nov',
        );
        expect(page({ isOpen: true, items: { receivedItems: 0 } })).toContain('No items were received so far');
    });

    it('says on top that items were not checked where there is no schema', () => {
        const text = page({ schema: { reason: 'fields is empty' }, reasons: [], rejectedItems: 0, verdict: undefined });
        expect(text).toMatch(/UTC Items were not checked here: fields is empty 48,540 items received/);
        expect(text).toContain('Describe the items in .actor/dataset_schema.json , in fields');
    });

    it.each([
        ['passed', {}, 'Passed: all items were stored'],
        ['passed', { quarantinedItems: 3 }, 'Needs a look: 3 items in quarantine, most often /price must be a number'],
    ] as const)('has the verdict %s in one sentence', (outcome, items, words) => {
        expect(
            page({ verdict: { outcome, unmet: [] }, items: { receivedItems: 9, storedItems: 6, ...items } }),
        ).toContain(words);
    });

    it('says of mode warn that items do not fit the schema, and not that they are in quarantine', () => {
        const text = page({ warnedItems: 290, items: { receivedItems: 500, storedItems: 500, quarantinedItems: 0 } });
        expect(text).toContain('Why items do not fit the schema');
    });

    it('is under 60 KB with 100 reasons of hostile values and 200 fields', () => {
        const texts = Object.values(HOSTILE_TEXTS);
        const failing = Array.from({ length: 100 }, (_, n): Failing => {
            const value = n % 2 === 0 ? `EUR ${n},90 plus shipping to wherever you are` : texts[n % texts.length]!;
            return {
                item: { [`field${n}`]: value, url: `https://shop.example.com/products/${n}?ref=category&page=2` },
                errors: [failureOf(`field${n}`)],
                url: `https://shop.example.com/products/${n}`,
                times: 3,
            };
        });
        const { fields } = moviePage();
        const many = Array.from({ length: 200 }, (_, n) => ({ ...fields![n % fields!.length]!, path: `/field${n}` }));
        const html = renderReportPage({ ...moviePage(), ...pageOf(failing), fields: many });
        expect(textOf(html)).toContain('100 reasons.');
        expect(Buffer.byteLength(html)).toBeLessThan(60_000);
    });
});

function failureOf(name: string) {
    return { ...failure(`/${name}`, 'type', { type: 'number' }), schemaPath: `#/properties/${name}/type` };
}

describe('the page of quarantine records alone', () => {
    it('has their reasons and samples, and nothing of what they do not tell', () => {
        const counts = new ReasonCounts({ samples: true });
        const record: QuarantineRecord = {
            id: 'record',
            item: { price: 'EUR 5' },
            itemBytes: 17,
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [failureOf('price'), failure('', 'more', {}, 'and 7 more')],
            itemPosition: 0,
            request: { url: 'https://example.com/5', retryCount: 0 },
            datasetId: 'abc',
            attempt: 1,
            quarantinedAt: '2026-11-24T09:00:00.000Z',
        };
        for (let time = 0; time < 3; time++) counts.countRecord(record);
        const html = renderReportPage({
            kind: 'quarantine',
            subject: 'tester-movies-quarantine',
            items: { quarantinedItems: counts.rejectedItems },
            rejectedItems: counts.rejectedItems,
            reasons: counts.details(),
            writtenAt: '2026-11-24T09:05:00.000Z',
        });
        const text = textOf(html);
        expect(text).toContain('3 items in quarantine');
        expect(text).toMatch(/\/price must be a number 3 100 %/);
        expect(text).toMatch(/"EUR 5" × 3 example.com\/5/);
        expect(text).not.toMatch(/Fields|Schema|Items per minute|and 7 more/);
        expect(html).not.toContain('class="bar"');
    });
});

describe('the page of a check', () => {
    it('says what would pass and what would fail', () => {
        const checked = pageOf([{ item: { n: 'x' }, errors: [failureOf('n')] }], { kind: 'check' });
        expect(textOf(renderReportPage(checked))).toMatch(/1 of 1,001 items fails .*1,000 pass .*1 fail/);
    });

    it('never says that items pass where nothing was checked', () => {
        const checked = pageOf([], { kind: 'check', schema: { reason: 'the schema is empty' } });
        const text = textOf(renderReportPage(checked));
        expect(text).toContain('Items were not checked here: the schema is empty');
        expect(text).not.toContain('All 1,000 items pass');
    });
});
