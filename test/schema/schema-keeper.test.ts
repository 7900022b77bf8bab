import { describe, expect, it } from 'vitest';

import type { SchemaSources } from '../../src/schema/discover.js';
import { SchemaKeeper } from '../../src/schema/schema-keeper.js';
import { keptLog } from '../support/kept-log.js';

const withFields = (minimum: number) => ({
    actorSpecification: 1,
    fields: { type: 'object', properties: { n: { minimum } } },
});

function startKeeper(option?: false) {
    const log = keptLog();
    const state = { now: 0, minimum: 0, asked: 0 };
    const sources: SchemaSources = {
        isAtHome: true,
        cwd: '/nowhere',
        datasetId: 'movies',
        readDatasetSchema: async () => {
            state.asked++;
            return { found: true, schema: withFields(state.minimum) };
        },
        readBuildDefinition: async () => undefined,
    };
    const keeper = new SchemaKeeper({ option, target: { kind: 'default' } }, { sources, log, now: () => state.now });
    return { keeper, log, state };
}

describe("the platform's schema", () => {
    it('that differs is used, and that it differs is said once', async () => {
        const { keeper, log, state } = startKeeper();
        await keeper.find();
        for (let minimum = 1; minimum <= 3; minimum++) {
            state.now += 60_000;
            state.minimum = minimum;
            const schema = await keeper.refresh();
            expect(schema?.validate({ n: minimum - 1 })).toHaveLength(1);
        }
        const warnings = log.lines.filter(({ level }) => level === 'warning');
        expect(warnings.map(({ message }) => message)).toEqual([
            expect.stringContaining('The platform enforces another schema'),
        ]);
    });

    it('is not asked for again and again where much is rejected, nor where nothing is validated here', async () => {
        const { keeper, state } = startKeeper();
        await keeper.find();
        for (let n = 0; n < 50; n++) expect(await keeper.refresh()).toBeUndefined();
        expect(state.asked).toBe(2);
        const none = startKeeper(false);
        await none.keeper.find();
        await none.keeper.refresh();
        expect(none.state.asked).toBe(0);
    });
});
