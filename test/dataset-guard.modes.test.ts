import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { InvalidOptionsError, ItemsRejectedError } from '../src/index.js';
import type { DatasetGuardOptions } from '../src/index.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

async function rejectionOf(promise: Promise<unknown>): Promise<any> {
    return promise.then(
        () => expect.unreachable('It was expected to reject.'),
        (error: unknown) => error,
    );
}

describe("mode: 'fail'", () => {
    it('stores none of the call, and says which items failed and why', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail' });
        const error = await rejectionOf(guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }, null, {}] as any));

        expect(error).toBeInstanceOf(ItemsRejectedError);
        expect(error).toMatchObject({ code: 'ITEMS_REJECTED', name: 'ItemsRejectedError' });
        expect(error.message).toBe(
            "3 of 5 items were rejected (mode: 'fail'): item 1: /n must be a number; item 3: the item must be an object, " +
                'but is null; item 4: the item is missing "n". Mend them and push again.',
        );
        expect(error.rejectedItems).toMatchObject([
            { itemPosition: 1, errors: [{ instancePath: '/n', schemaPath: '#/properties/n/type', keyword: 'type' }] },
            { itemPosition: 3, errors: [{ instancePath: '', message: 'must be an object, but is null' }] },
            { itemPosition: 4, errors: [{ keyword: 'required' }] },
        ]);
        expect(guard.report()).toMatchObject({ receivedItems: 5, discardedItems: 5, storedItems: 0, pendingItems: 0 });
        expect(guard.report().reasons.map(({ count }) => count)).toEqual([1, 1, 1]);
        await guard.close();
        expect(run.server.items(id)).toEqual([]);
        expect(run.quarantined(id)).toEqual([]);
    });

    it.each<[string, any]>([
        ['a name', { '\u001b[2J\nINFO all is well\u202e': 1 }],
        [
            'a thrown error',
            {
                toJSON: () => {
                    throw new Error('\u001b[2J\u202e');
                },
            },
        ],
    ])('names what failed with nothing that has an effect on a terminal: %s', async (_, item) => {
        run.freshDataset({ additionalProperties: { type: 'string' } });
        const guard = await run.open({ mode: 'fail' });
        const { message } = await rejectionOf(guard.pushData(item));
        expect(message).toContain(String.raw`\u001b[2J`);
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    });

    it('implies that a push resolves when its items are stored', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail', flushIntervalMillis: 60_000 });
        expect(await guard.pushData([{ n: 1 }, { n: 2 }])).toMatchObject({ acceptedItems: 2, quarantinedItems: 0 });
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
        await expect(run.open({ mode: 'fail', ack: 'buffered' })).rejects.toThrow(InvalidOptionsError);
    });

    it('goes on with the next call', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail' });
        const outcomes = await Promise.allSettled([
            guard.pushData({ n: 1 }),
            guard.pushData({ n: 'bad' }),
            guard.pushData({ n: 3 }),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
    });

    it('quarantines what the platform rejects, stores the others of the call, and rejects it', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail', schema: false });
        const error = await rejectionOf(guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 3 }]));

        expect(error).toBeInstanceOf(ItemsRejectedError);
        expect(error.rejectedItems).toMatchObject([{ itemPosition: 1, errors: [{ instancePath: '/n' }] }]);
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 3 }]);
        expect(run.quarantined(id)).toMatchObject([{ item: { n: 'bad' }, rejectedBy: 'platform' }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, quarantinedItems: 1, discardedItems: 0 });
    });

    it.each([
        ['too large', { text: 'x'.repeat(10_000_000) }],
        ['not serializable', { big: 10n }],
    ])('rejects an item that is %s', async (_, item) => {
        run.freshDataset();
        const guard = await run.open({ mode: 'fail' });
        await expect(guard.pushData([{ n: 1 }, item])).rejects.toMatchObject({
            rejectedItems: [{ itemPosition: 1 }],
        });
        expect(guard.report()).toMatchObject({ receivedItems: 2, discardedItems: 2 });
    });

    it('takes what repair mends', async () => {
        const id = run.freshDataset(FIELDS);
        const guard = await run.open({ mode: 'fail', repair: ({ n }) => ({ n: Number(n) }) });
        await guard.pushData([{ n: '1' }, { n: 2 }]);
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 2 }]);
    });
});

describe("mode: 'warn'", () => {
    it('counts what fails here, sends it nevertheless, and lets the platform decide', async () => {
        const id = run.freshDataset(FIELDS);
        const stricter = { ...FIELDS, properties: { n: { type: 'number', minimum: 10 } } };
        const guard = await run.open({ mode: 'warn', schema: stricter });
        const result = await guard.pushData([{ n: 1 }, { n: 'bad' }, { n: 20 }]);
        await guard.flush();

        expect(result).toMatchObject({ acceptedItems: 3, quarantinedItems: 0 });
        // The dataset's own schema has no minimum.
        expect(run.server.items(id)).toEqual([{ n: 1 }, { n: 20 }]);
        expect(run.quarantined(id)).toMatchObject([{ item: { n: 'bad' }, rejectedBy: 'platform' }]);
        expect(guard.report()).toMatchObject({ storedItems: 2, quarantinedItems: 1 });
        expect(guard.report().reasons.map(({ keyword, rejectedBy, count }) => [keyword, rejectedBy, count])).toEqual([
            ['minimum', 'guard', 1],
            ['type', 'guard', 1],
            ['type', 'platform', 1],
        ]);
    });

    it('stores everything where nothing is enforced', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ mode: 'warn', schema: FIELDS, ack: 'stored' });
        expect(await guard.pushData([{ n: 'a' }, { n: 1 }])).toMatchObject({ acceptedItems: 2, quarantinedItems: 0 });
        expect(run.server.items(id)).toEqual([{ n: 'a' }, { n: 1 }]);
    });

    it('concerns schema failures only: what is no item goes to quarantine', async () => {
        const id = run.freshDataset();
        const guard = await run.open({ mode: 'warn', schema: FIELDS });
        expect(await guard.pushData([null, { n: 1n }, { n: 1 }] as any)).toMatchObject({
            acceptedItems: 1,
            quarantinedItems: 2,
        });
        await guard.flush();
        expect(run.quarantined(id).map(({ reason }) => reason)).toEqual(['not-an-object', 'not-serializable']);
    });
});

describe('options of DatasetGuard.open()', () => {
    const wrong: [option: string, options: unknown][] = [
        ['options', 5],
        ['options', null],
        ['options', []],
        ['dataSet', { dataSet: 'typo' }],
        ['dataset', { dataset: 5 }],
        ['dataset', { dataset: '' }],
        ['dataset', { dataset: { id: 'a', name: 'b' } }],
        ['schema', { schema: true }],
        ['schema', { schema: 'schema.json' }],
        ['schema', { schema: [] }],
        ['quarantine', { quarantine: null }],
        ['quarantine', { quarantine: { alias: 7 } }],
        ['mode', { mode: 'strict' }],
        ['ack', { ack: true }],
        ['maxPayloadBytes', { maxPayloadBytes: '5MB' }],
        ['maxPayloadBytes', { maxPayloadBytes: 10_000_000 }],
        ['maxBufferedBytes', { maxBufferedBytes: 1_000 }],
        ['flushIntervalMillis', { flushIntervalMillis: -1 }],
        ['maxParallelRequests', { maxParallelRequests: 0 }],
        ['tolerance', { tolerance: 5 }],
        ['tolerance.maxRatio', { tolerance: { maxRatio: 2 } }],
        ['tolerance.ratio', { tolerance: { ratio: 1 } }],
        ['repair', { repair: {} }],
        ['redact', { redact: 'password' }],
        ['onQuarantine', { onQuarantine: 1 }],
        ['samples', { samples: 'no' }],
    ];
    it.each(wrong)('reject a wrong "%s": %j', async (option, options) => {
        const requests = run.server.requests.length;
        const error = await rejectionOf(run.open(options as DatasetGuardOptions));
        expect(error).toBeInstanceOf(InvalidOptionsError);
        expect(error).toMatchObject({ code: 'INVALID_OPTIONS', option, message: expect.stringContaining(option) });
        expect(run.server.requests).toHaveLength(requests);
    });
});
