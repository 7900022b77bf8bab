import { describe, expect, it } from 'vitest';

import { renderReportPage } from '../../../src/report/html/render.js';
import type { QuarantineRecord } from '../../../src/records.js';
import { ReasonCounts } from '../../../src/report/reasons.js';
import { failure, moviePage, pageOf } from '../support/pages.js';

/** What a person reads of the page: no markup, no style sheet, white space as one space. */
function textOf(html: string): string {
    return html
        .replace(/<style>.*<\/style>/s, '')
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&amp;', '&');
}

describe('the page of a run', () => {
    it('tells what became of the items, why, when and how', () => {
        const text = textOf(renderReportPage(moviePage()));
        expect(text).toContain('48,225 items stored, 290 in quarantine');
        expect(text).toContain('48,545 items received');
        expect(text).toMatch(/290 in quarantine 0.6 %/);
        expect(text).toContain('30 given back to the caller < 0.1 %');
        expect(text).toMatch(/\/price must be a number 212 73.1 %/);
        expect(text).toMatch(/\/offers\/1\/seller {"name":"Movies & More"} shop.example.com\/movies\/brazil/);
        expect(text).toContain('In quarantine at most 54');
        expect(text).toMatch(/Requests 1,204 Retried 5 Rejected by the platform 2 Sent, as uncompressed JSON 48.1 MB/);
        expect(text).toMatch(/Schema From dataset 0KqOZ3Tq5xAuYVbPr/);
    });
});

describe('the page of quarantine records alone', () => {
    it('has their reasons and samples, and nothing of what they do not tell', () => {
        const counts = new ReasonCounts(true);
        const record: QuarantineRecord = {
            id: 'record-1',
            item: { price: 'EUR 5' },
            itemBytes: 17,
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [
                failure('/price', 'type', { type: 'number' }, 'must be number'),
                failure('', 'more', {}, 'and 7 more'),
            ],
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
        expect(text).toMatch(/\/price "EUR 5" example.com\/5/);
        expect(text).not.toMatch(/Schema|Requests|Items per minute|and 7 more/);
        expect(html).not.toContain('class="bar"');
    });
});

describe('the page of a check', () => {
    it('says what would pass and what would fail', () => {
        const page = pageOf([{ item: { n: 'x' }, errors: [failure('/n', 'type', { type: 'number' })] }], {
            kind: 'check',
        });
        expect(textOf(renderReportPage(page))).toMatch(/1 of 1,001 items fail .*1,000 pass .*1 fail/);
    });
});
