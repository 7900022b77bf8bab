import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { emitEvent, openInNextProcess, openQuickly } from '../lifecycle/support/run-events.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { collectLog } from './support/log-lines.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number', minimum: 0 } } };
const REPORT_RECORDS = 'records/DATASET-GUARD-REPORT';
const REPORT = 'DATASET-GUARD-REPORT';
const PAGE = 'DATASET-GUARD-REPORT-HTML';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => {
    await run.reset();
    run.server.records().clear();
});
afterAll(async () => run.stop());

const record = (key: string) => run.server.records().get(key);
const text = (key: string) => record(key)?.value.toString();
const json = (key = REPORT) => JSON.parse(text(key)!);
const reportKeys = () => [...run.server.records().keys()].filter((key) => key.startsWith(REPORT)).sort();

describe('on close, the report', () => {
    it('is in the run’s default key-value store, as JSON and as a page', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 2 }, { n: -3 }]);
        const report = await guard.close();
        expect(reportKeys()).toEqual([REPORT, PAGE]);
        expect(record(REPORT)?.contentType).toBe('application/json; charset=utf-8');
        expect(record(PAGE)?.contentType).toBe('text/html; charset=utf-8');
        expect(json()).toEqual(report);
        expect(json()).toMatchObject({ receivedItems: 3, storedItems: 2, quarantinedItems: 1, pendingItems: 0 });
        expect(text(PAGE)).toMatch(/^<!doctype html>/);
        expect(text(PAGE)).toContain('2 items stored, 1 in quarantine');
        expect(text(PAGE)).toContain('must be at least 0');
    });

    it('names the run, the schema and the library, with links into the Console, and holds no token', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        await guard.close();
        const { ids, token } = run.server;
        const quarantine = run.server.dataset('tester-my-actor-quarantine')!;
        for (const path of [
            `actors/${ids.actorId}/runs/${ids.runId}`,
            `storage/datasets/${id}`,
            `storage/datasets/${quarantine.id}`,
        ]) {
            expect(text(PAGE)).toContain(`href="https://console.apify.com/${path}"`);
        }
        expect(text(PAGE)).toContain('tester/my-actor');
        expect(text(PAGE)).toContain(`dataset ${id}`);
        expect(text(PAGE)).toMatch(/apify-dataset-guard \d+\.\d+\.\d+/);
        expect(token).toBeTruthy();
        expect(`${text(REPORT)}${text(PAGE)}`).not.toContain(token);
    });

    it('is named by the last line of the log, with an address that opens without a token', async () => {
        const lines = collectLog();
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 'no number' }]);
        await guard.close();
        expect(lines.at(-1)).toBe(
            'Stored 1 of 2 items; 1 (50 %) in quarantine, most often /n must be a number. Report: ' +
                `${process.env.APIFY_API_PUBLIC_BASE_URL ?? 'https://api.apify.com'}/v2/key-value-stores/${run.server.ids.keyValueStoreId}/records/${PAGE}. ` +
                'To bring items back: npx apify-dataset-guard redrive tester-my-actor-quarantine',
        );
        expect(lines.join('\n')).not.toContain('no number');
    });

    it('says where there is no schema', async () => {
        run.freshDataset(null);
        const guard = await run.open();
        await guard.close();
        expect(text(PAGE)).toMatch(/none: dataset \w+ has no schema/);
        expect(text(PAGE)).toContain('No items were received');
    });

    it('is written again only when something has changed', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData({ n: 1 });
        const writes = () =>
            run.server.requests.filter(({ method, path }) => method === 'PUT' && path.includes(REPORT_RECORDS));
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        expect(writes()).toHaveLength(2);
        await guard.close();
        await guard.close();
        expect(writes()).toHaveLength(4);
    });

    it('stays as it is when the run goes elsewhere afterwards', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        guard.install();
        await guard.pushData({ n: 1 });
        await guard.close();
        const page = text(PAGE);
        await Actor.metamorph('somebody/other', {}, { customAfterSleepMillis: 1 });
        guard.uninstall();
        expect(text(PAGE)).toBe(page);
    });

    it('of each dataset has keys of its own: those of the default dataset are the plain ones', async () => {
        run.freshDataset(FIELDS);
        const first = await run.open();
        const second = await run.open({ dataset: 'other-movies', schema: FIELDS });
        await first.pushData([{ n: 1 }, { n: 2 }]);
        await second.pushData({ n: 3 });
        await second.close();
        await first.close();
        expect(reportKeys()).toEqual([REPORT, PAGE, `${PAGE}.other-movies`, `${REPORT}.other-movies`].sort());
        expect([json().storedItems, json(`${REPORT}.other-movies`).storedItems]).toEqual([2, 1]);
    });
});

describe('the reports of two guards that are open on one dataset', () => {
    it('do not replace each other', async () => {
        run.freshDataset(FIELDS);
        const first = await run.open();
        const second = await run.open();
        await first.pushData([{ n: 1 }, { n: 2 }]);
        await second.pushData({ n: 3 });
        await first.close();
        await second.close();
        expect(reportKeys()).toEqual([REPORT, `${REPORT}(2)`, PAGE, `${PAGE}(2)`]);
        expect([json().storedItems, json(`${REPORT}(2)`).storedItems]).toEqual([2, 1]);
    });
});

describe('samples', () => {
    const secrets = { n: 'secret-value', extra: 'secret-neighbour' };

    it('are the failing value alone', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData(secrets);
        await guard.close();
        expect(text(PAGE)).toContain('&quot;secret-value&quot;');
        expect(`${text(PAGE)}${text(REPORT)}`).not.toContain('secret-neighbour');
    });

    it('are nowhere where they are switched off', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ samples: false });
        await guard.pushData(secrets);
        await guard.close();
        expect(text(PAGE)).toContain('must be a number');
        expect(
            `${text(PAGE)}${text(REPORT)}${text(`DATASET-GUARD-COUNTERS-${process.env.ACTOR_DEFAULT_DATASET_ID}`)}`,
        ).not.toContain('secret');
    });

    it('are redacted', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ redact: (item) => ({ ...item, n: '(hidden)' }) });
        await guard.pushData(secrets);
        await guard.close();
        expect(text(PAGE)).toContain('(hidden)');
        expect(`${text(PAGE)}${text(REPORT)}`).not.toContain('secret');
    });
});

describe('a report that cannot be written', () => {
    it('makes no close fail and costs no item: one warning says so', async () => {
        const lines = collectLog();
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'PUT', path: REPORT_RECORDS, times: 1_000, fault: { status: 403 } });
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        const report = await guard.close();
        expect(report).toMatchObject({ storedItems: 1, quarantinedItems: 1 });
        expect(run.server.items(id)).toEqual([{ n: 1 }]);
        expect(lines.filter((line) => line.startsWith('The report could not be written: '))).toHaveLength(1);
        expect(lines.at(-1)).toBe(
            'Stored 1 of 2 items; 1 (50 %) in quarantine, most often /n must be a number. ' +
                'To bring items back: npx apify-dataset-guard redrive tester-my-actor-quarantine',
        );
        expect(reportKeys()).toEqual([]);
    });

    it('does not hold up the end of a run beyond its deadline', async () => {
        run.freshDataset(FIELDS);
        run.server.faults.next({ method: 'PUT', path: REPORT_RECORDS, times: 1_000, fault: { hang: true } });
        const guard = await run.open();
        await guard.pushData({ n: 1 });
        const startedAt = performance.now();
        await emitEvent('migrating', { timeRemainingSecs: 1 });
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(guard.report()).toMatchObject({ storedItems: 1, pendingItems: 0 });
    });
});

describe('what is known is written also', () => {
    it('when closing fails: with what could not be sent, and why', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 403 } });
        const guard = await run.open();
        await guard.pushData([{ n: 1 }, { n: 'bad' }]);
        await expect(guard.close()).rejects.toMatchObject({ code: 'DELIVERY' });
        expect(json()).toMatchObject({ receivedItems: 2, storedItems: 0, pendingItems: 0, unsentItems: 1 });
        expect(text(PAGE)).toMatch(/class="notice"[^>]*>\s*Items could not be stored in the dataset: /);

        run.server.faults.clear();
        const report = await guard.close();
        expect(report.storedItems).toBe(1);
        expect(json()).toEqual(report);
        expect(text(PAGE)).not.toContain('class="notice"');
    });

    it('when the run is about to move; the next process goes on from there', async () => {
        run.freshDataset(FIELDS);
        const before = await openQuickly();
        await before.pushData([{ n: 1 }, { n: 'first' }]);
        await emitEvent('migrating', { timeRemainingSecs: 5 });
        expect(json()).toMatchObject({ receivedItems: 2, storedItems: 1, quarantinedItems: 1 });
        expect(text(PAGE)).toContain('It may have gone on since.');

        const after = await openInNextProcess();
        await after.pushData([{ n: 2 }, { n: 'second' }]);
        await after.close();
        expect(json()).toMatchObject({
            receivedItems: 4,
            reasons: [{ count: 2, samples: [{ value: '"first"' }, { value: '"second"' }] }],
        });
        expect(text(PAGE)).toContain('2 items stored, 2 in quarantine');
        expect(text(PAGE)).toMatch(/first.*second/s);
        expect(text(PAGE)).not.toContain('It may have gone on since.');
    });

    it('when nothing could be sent before the end of the run: items are saved first', async () => {
        const id = run.freshDataset(FIELDS);
        run.server.faults.next({ path: `${id}/items`, times: 1_000, fault: { status: 503 } });
        const guard = await openQuickly();
        await guard.pushData([{ n: 1 }, { n: 2 }]);
        await emitEvent('migrating', { timeRemainingSecs: 1 });
        const puts = () => run.server.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
        const first = (part: string) => puts().findIndex((path) => path.includes(part));
        // On a busy machine it comes after the second that the event leaves.
        await vi.waitFor(() => expect(first(REPORT)).toBeGreaterThanOrEqual(0), 10_000);
        expect(first('DATASET-GUARD-UNSENT')).toBeGreaterThanOrEqual(0);
        expect(first('DATASET-GUARD-UNSENT')).toBeLessThan(first(REPORT));
        expect(json()).toMatchObject({ receivedItems: 2, storedItems: 0, pendingItems: 2 });
    });
});
