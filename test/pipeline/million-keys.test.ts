import { expect, it } from 'vitest';

import { ItemPreparer } from '../../src/pipeline/prepare.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { recordingLog } from '../schema/helpers.js';
import { IS_LONG } from '../support/mode.js';

const KEYS = IS_LONG ? 1_000_000 : 400_000;

function cpuMillisOf(work: () => void): number {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
}

// Compares two pieces of work of the same process: how fast the machine is does not count.
it(`an item of ${KEYS} keys is refused as too large in no more than a few times what its JSON takes`, async () => {
    const fields = { type: 'object', additionalProperties: { type: 'string' }, propertyNames: { pattern: '^k' } };
    const { schema } = await compileItemSchema(fields, { source: 'test' }, recordingLog());
    const item: Record<string, number> = {};
    for (let index = 0; index < KEYS; index++) item[`k${index}${'x'.repeat(10)}`] = index;
    JSON.stringify(item);
    const jsonMillis = cpuMillisOf(() => JSON.stringify(item));
    const preparer = new ItemPreparer('quarantine', schema, undefined);
    let reason: string | undefined;
    const millis = cpuMillisOf(() => {
        reason = preparer.prepare(item, 0).rejection?.reason;
    });
    expect(reason).toBe('too-large');
    expect(millis).toBeLessThan(6 * jsonMillis);
});
