import { describe, expect, it } from 'vitest';

import { renderReportPage } from '../../src/report/html/render.js';
import { toReportPage } from '../../src/report/report-page.js';
import { reportWith } from '../quality/support-report.js';

const context = { reasons: [], fields: [], rejectedItems: 0, writtenAt: '2026-11-24T09:30:00.000Z' };

describe('the page of a report', () => {
    it('says that the run goes on until the report is finished', () => {
        const report = reportWith({ receivedItems: 9, storedItems: 9 });
        expect(renderReportPage(toReportPage(report, context))).toContain('<h1>9 items stored so far</h1>');
        const finished = { ...report, finishedAt: context.writtenAt };
        expect(renderReportPage(toReportPage(finished, context))).toContain('<h1>9 items stored</h1>');
    });

    it('says why items were not checked', () => {
        const report = reportWith({ receivedItems: 9, storedItems: 9, schema: { none: 'fields is empty' } });
        expect(renderReportPage(toReportPage(report, context))).toMatch(
            /Items were not checked here:<\/b>\s*<bdi>fields is empty/,
        );
    });
});
