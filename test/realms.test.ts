import { createContext, runInContext } from 'node:vm';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { DatasetGuardOptions } from '../src/index.js';
import { InvalidOptionsError } from '../src/index.js';
import type { LocalRun } from './support/local-run.js';
import { startLocalRun } from './support/local-run.js';

/** Evaluates an expression where `Object`, `Array`, `Error` and the rest are others than here, as in tests that Jest runs. */
const realm = createContext({});
const elsewhere = <T>(expression: string): T => runInContext(`(${expression})`, realm) as T;

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

describe('a guard in another realm than its caller', () => {
    it('takes items, arrays and dates of the caller', async () => {
        const dataset = await run.fresh();
        const guard = await run.open({ schema: false });
        await guard.pushData(elsewhere<object[]>(`[{ n: 1, tags: ['a'], at: new Date(0) }, { n: 2, map: new Map() }]`));
        await guard.pushData(elsewhere<object>(`Object.assign(Object.create(null), { n: 3 })`));
        expect(await run.items(dataset)).toEqual([
            { n: 1, tags: ['a'], at: '1970-01-01T00:00:00.000Z' },
            { n: 2, map: {} },
            { n: 3 },
        ]);
    });

    it('takes options of the caller', async () => {
        const dataset = await run.fresh();
        const options = elsewhere<DatasetGuardOptions>(`{
            schema: { type: 'object', properties: { n: { type: 'integer' } } },
            tolerance: { maxItems: 10 },
            repair: [{ coerce: true }, (item) => ({ ...item, n: 0 })],
            redact: (item) => ({ n: item.n }),
        }`);
        const guard = await run.open(options);
        await guard.pushData([{ n: '7' }, { n: 'seven' }]);
        expect(await run.items(dataset)).toEqual([{ n: 7 }, { n: 0 }]);
    });

    it('quarantines what the caller makes badly, and survives errors of his functions', async () => {
        const dataset = await run.fresh();
        const guard = await run.open({
            schema: false,
            redact: elsewhere<(item: object) => object>(`() => { throw new Error('not mine') }`),
        });
        const items = elsewhere<object[]>(`[{ get n() { throw new TypeError('broken') } }, 7, null, { n: 1 }]`);
        const { quarantinedItems } = await guard.pushData(items);
        expect(quarantinedItems).toBe(3);
        expect(await run.items(dataset)).toEqual([{ n: 1 }]);
    });

    it('tells wrong options and wrong data apart, as in its own realm', async () => {
        await run.fresh();
        await expect(run.open(elsewhere(`{ ack: 'never' }`))).rejects.toThrow(InvalidOptionsError);
        await expect(run.open(elsewhere(`[]`))).rejects.toThrow(InvalidOptionsError);
        const guard = await run.open({ schema: false });
        await expect(guard.pushData(elsewhere(`'text'`))).rejects.toThrow(TypeError);
    });
});
