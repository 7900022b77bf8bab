import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { ReasonCounts } from '../../src/quality/reasons.js';
import type { QuarantineRecord } from '../../src/records.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

/** Pushes one item. Returns the reasons of the report, and those that its quarantine record alone tells. */
async function reasonsOf(fields: object, item: object, options: object = {}) {
    const id = run.freshDataset(fields);
    const quarantine = `q${randomUUID().slice(0, 8)}`;
    const guard = await run.open({ quarantine, ...options });
    await guard.pushData(item);
    const { reasons } = await guard.close();
    const [record] = run.quarantined(id, quarantine) as [QuarantineRecord];
    const counted = new ReasonCounts({ samples: false });
    counted.countRecord(record);
    return { reported: reasons, recorded: counted.list(), errors: record.errors };
}

const object = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });
const tags = (count: number) => ({ tags: Array.from({ length: count }, () => 'x') });
const numbers = { type: 'array', items: { type: 'number' } };
/** Control characters take six bytes each in JSON. */
const manyLong = (end: string) => Array.from({ length: 20 }, (_, n) => `${'\u0001'.repeat(190)}${n}${end}`);
const longName = 'n'.repeat(190);

describe('the reason of an item with more than a hundred errors below one alternative', () => {
    it.each<[string, string, object, object]>([
        ['oneOf', 'oneOf', object({ tags: { oneOf: [numbers, { type: 'null' }] } }), tags(150)],
        [
            'anyOf whose first hundred errors are those of its branch',
            'anyOf',
            object({ tags: { anyOf: [{ type: 'null' }, numbers] } }),
            tags(100),
        ],
        [
            'oneOf behind a $ref',
            'oneOf',
            object(
                { tags: { $ref: '#/definitions/tags' } },
                { definitions: { tags: { oneOf: [numbers, { type: 'null' }] } } },
            ),
            tags(150),
        ],
        [
            'outer one of two oneOf',
            'oneOf',
            object({ deep: { oneOf: [object({ tags: { anyOf: [numbers, { type: 'null' }] } }), { type: 'null' }] } }),
            { deep: tags(150) },
        ],
        [
            'oneOf whose errors are too long for a record',
            'oneOf',
            object({ [longName]: { oneOf: [{ ...numbers, minItems: 1_000 }, { type: 'null' }] } }),
            { [longName]: tags(99).tags },
        ],
        [
            'propertyNames',
            'propertyNames',
            object({ tags: { propertyNames: { maxLength: 1, pattern: '^z' } } }),
            { tags: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [n < 99 ? `z${n}` : `y${n}`, n])) },
        ],
        [
            'anyOf of two branches whose errors are each half of what a record may hold',
            'anyOf',
            object({ tags: { anyOf: ['a', 'b'].map((one) => ({ enum: manyLong(one) })) } }),
            { tags: 'x' },
        ],
        ['contains', 'contains', object({ tags: { contains: { type: 'number' } } }), tags(150)],
    ])('is the %s, in report and record', async (_, keyword, fields, item) => {
        const { reported, recorded, errors } = await reasonsOf(fields, item);
        expect(reported).toMatchObject([{ keyword, count: 1 }]);
        expect(recorded).toMatchObject([{ keyword, count: 1 }]);
        expect(errors.length).toBeLessThanOrEqual(101);
    });

    it('is the oneOf also where the platform names more than a thousand errors', async () => {
        const fields = object({ tags: { oneOf: [numbers, { type: 'null' }] } });
        const { reported, recorded } = await reasonsOf(fields, tags(1_500), { schema: false });
        expect(reported).toMatchObject([{ keyword: 'oneOf', count: 1, rejectedBy: 'platform' }]);
        expect(recorded).toMatchObject([{ keyword: 'oneOf', count: 1 }]);
    });

    it('stands beside the faults before it', async () => {
        const fields = object({ title: { type: 'string' }, tags: { oneOf: [numbers, { type: 'null' }] } });
        const { reported, recorded } = await reasonsOf(fields, { title: 7, ...tags(150) });
        expect(reported.map(({ keyword }) => keyword)).toEqual(['type', 'oneOf']);
        expect(recorded.map(({ keyword }) => keyword)).toEqual(['type', 'oneOf']);
    });
});
