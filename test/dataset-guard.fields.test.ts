import { createRequire } from 'node:module';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { datasetSchema, movies } from './actor/support/movies.js';
import { expectRows } from './quality/support-count.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const PRODUCTS = {
    type: 'object',
    properties: { title: { type: 'string', maxLength: 10 }, price: { type: ['number', 'null'] } },
};

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('the fields of a report', () => {
    it('equal a count of the stored items that was made independently: movies', async () => {
        const id = run.freshDataset((datasetSchema as { fields: object }).fields);
        const guard = await run.open();
        await guard.pushData(movies as any[]);
        const { fields, storedItems, quarantinedItems } = await guard.close();
        expect([storedItems, quarantinedItems]).toEqual([3_148, 53]);
        expect(fields.length).toBeGreaterThan(10);
        expectRows(fields, run.server.items(id));
        const failed = run
            .quarantined(id)
            .filter(({ errors }) => errors.some((error) => error.instancePath === '/Title'));
        expect(fields.find(({ path }) => path === '/Title')!.failedItems).toBe(failed.length);
    });

    it('equal it for large items, below names that only the data knows, without a schema, too', async () => {
        const { api } = createRequire(import.meta.url)('@mdn/browser-compat-data') as { api: Record<string, object> };
        const items = Object.values(api).map((one) => JSON.parse(JSON.stringify(one)) as object);
        const paths = { '/__compat/support/*/version_added': 0, '/__compat/tags/*': 0, '__compat': 1 };
        const id = run.freshDataset(null);
        const guard = await run.open({ expect: { filled: paths } });
        await guard.pushData(items as any[]);
        const { fields, verdict } = await guard.close();
        expect(fields.map(({ path }) => path)).toEqual(expect.arrayContaining(['/__compat', '/__compat/tags/*']));
        expectRows(fields, run.server.items(id));
        expect(verdict.outcome).toBe('passed');
    });

    it('equal it where items are no plain JSON data, and where the platform rejects or the guard repairs some', async () => {
        const id = run.freshDataset(PRODUCTS, { enforcedFields: { ...PRODUCTS, required: ['title'] } });
        const guard = await run.open({ repair: { coerce: true, invalid: 'null', missing: 'empty' } });
        const items = Array.from({ length: 200 }, (_, n) => ({
            title: n % 50 === 7 ? undefined : `Movie ${n}`,
            price: n % 4 === 0 ? `${n}.5` : n % 3 === 0 ? undefined : n,
            at: new Date(n),
            tags: n % 2 === 0 ? [] : [{ toJSON: () => 'drama' }],
            map: new Map([[1, 2]]),
            ...(n % 5 === 0 && { none: NaN }),
        }));
        await guard.pushData(items as any[]);
        const { fields, storedItems, repairedItems } = await guard.close();
        expect(storedItems).toBe(run.server.items(id).length);
        expect(repairedItems).toBeGreaterThan(49);
        expect(fields.map(({ path }) => path)).toEqual(
            expect.arrayContaining(['/title', '/price', '/at', '/tags', '/map', '/none']),
        );
        expectRows(fields, run.server.items(id));
        expect(fields.find(({ path }) => path === '/map')).toMatchObject({ filledItems: 0, emptyItems: storedItems });
    });

    it('are judged of what redact takes away, though it has no row', async () => {
        run.freshDataset(PRODUCTS);
        const guard = await run.open({
            redact: ({ email: _email, owner: _owner, ...item }) => item,
            expect: { filled: { 'email': 1, '/owner/phone': 0.5 } },
        });
        await guard.pushData([1, 2].map((n) => ({ title: 'Alien', email: 'e', owner: { phone: n === 1 ? '1' : '' } })));
        const { verdict, fields } = await guard.close();
        expect(verdict).toEqual({ outcome: 'passed', unmet: [] });
        expect(fields.map(({ path }) => path)).toEqual(['/title', '/price']);
    });

    it('have no row for what redact takes away, and no example of it on the page', async () => {
        run.freshDataset(PRODUCTS);
        const guard = await run.open({ redact: ({ email: _email, ...item }) => item });
        await guard.pushData(Array.from({ length: 20 }, (_, n) => ({ title: `Movie ${n}`, email: 'joe@example.com' })));
        const { fields } = await guard.close();
        expect(fields.map(({ path }) => path)).toEqual(['/title', '/price']);
        const page = run.server.records().get('DATASET-GUARD-REPORT-HTML')!.value.toString();
        expect(page).not.toMatch(/email|joe@/);
    });
});
