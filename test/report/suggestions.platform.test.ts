import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';

const FIELDS = {
    type: 'object',
    required: ['title'],
    properties: { title: { type: 'string' }, price: { type: 'number' } },
};

let run: PlatformRun;
beforeAll(async () => {
    run = await startPlatformRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const pageOf = () => {
    const record = run.server.records().get('DATASET-GUARD-REPORT-HTML')!;
    return record.value
        .toString()
        .replace(/<style>.*<\/style>/s, '')
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll(/\s+/g, ' ');
};

describe("the page of a guard's run", () => {
    it('suggests what would let in or mend the items that failed, once the guard is closed', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open();
        await guard.pushData([{ title: 'Alien', price: '$12.50' }, { title: 'Heat', price: '1,234' }, { price: 1 }]);
        await guard.close();
        expect(pageOf()).toMatch(
            /In the schema: allow the type string ?\. Or mend such items, writing a value in the right type: "\$12\.50" → 12\.5 , with repair: { coerce: true }/,
        );
        expect(pageOf()).toContain('In the schema: make it optional');
    });

    it('shows no value in a suggestion that redact hides', async () => {
        run.freshDataset(FIELDS);
        const guard = await run.open({ redact: ({ price: _, ...rest }) => rest });
        await guard.pushData([{ title: 'Alien', price: '$12.50' }]);
        await guard.close();
        expect(pageOf()).not.toContain('12.5');
    });

    it('has no suggestions of what only the platform knows to be wrong', async () => {
        run.freshDataset(null, { enforcedFields: FIELDS });
        const guard = await run.open({ schema: false });
        await guard.pushData([{ title: 'Alien', price: '$12.50' }]);
        await guard.close();
        expect(pageOf()).not.toContain('In the schema:');
    });
});
