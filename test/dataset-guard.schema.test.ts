import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { SchemaLoadError } from '../src/index.js';
import { writeFolder } from './support/local-run.js';
import type { PlatformRun } from './support/platform-run.js';
import { startPlatformRun } from './support/platform-run.js';

/** Requires one property, so that the error tells which schema was used. */
const requires = (property: string) => ({ type: 'object', required: [property] });
const dataset = (property: string) => ({ actorSpecification: 1, fields: requires(property), views: {} });

let run: PlatformRun;
let folder: string;
const before = process.cwd();
beforeAll(async () => {
    run = await startPlatformRun({
        actorDefinition: {
            actorSpecification: 1,
            name: 'my-actor',
            storages: { datasets: { default: dataset('ofBuild'), other: dataset('ofBuildAlias') } },
        },
    });
});
beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guard-schema-'));
    await writeFolder(folder, {
        '.actor/actor.json': { actorSpecification: 1, name: 'my-actor', storages: { dataset: './dataset.json' } },
        '.actor/dataset.json': dataset('ofDisk'),
    });
    process.chdir(folder);
});
afterEach(async () => {
    await run.reset();
    process.chdir(before);
    await rm(folder, { recursive: true });
});
afterAll(async () => run.stop());

/** The property that the schema in use requires; undefined where nothing is validated. */
async function enforcedHere(options?: Parameters<PlatformRun['open']>[0]): Promise<string | undefined> {
    const guard = await run.open({ mode: 'fail', ...options });
    const error = await guard.pushData({}).then(
        () => undefined,
        (thrown: unknown) => thrown as any,
    );
    return error?.rejectedItems[0].errors[0].params.missingProperty;
}

describe('the schema on the platform', () => {
    it("is the dataset object's", async () => {
        run.freshDataset(requires('ofDataset'));
        expect(await enforcedHere()).toBe('ofDataset');
        expect(run.server.requestCount({ path: 'actor-builds' })).toBe(0);
    });

    it('is none where the dataset object says null: nothing is enforced, and nobody else is asked', async () => {
        run.freshDataset(null);
        expect(await enforcedHere()).toBeUndefined();
        expect(run.server.requestCount({ path: 'actor-builds' })).toBe(0);
    });

    it("is the build's where the dataset object has no such property", async () => {
        run.freshDataset(null, { hideSchema: true });
        expect(await enforcedHere()).toBe('ofBuild');
    });

    it.each([403, 404])("is the build's where the dataset object answers %i", async (status) => {
        const id = run.freshDataset(requires('ofDataset'));
        const { Actor } = await import('apify');
        const open = await Actor.openDataset(id);
        run.server.faults.next({ method: 'GET', path: new RegExp(`datasets/${id}$`), fault: { status } });
        expect(await enforcedHere({ dataset: open })).toBe('ofBuild');
    });

    it.each([
        ['forbidden', 403],
        ['not found', 404],
    ])('is that on disk where the build is %s, too', async (_, status) => {
        run.freshDataset(null, { hideSchema: true });
        run.server.faults.next({ method: 'GET', path: 'actor-builds', times: 99, fault: { status } });
        expect(await enforcedHere()).toBe('ofDisk');
    });

    it('is none where dataset, build and disk know of none', async () => {
        await rm(join(folder, '.actor'), { recursive: true });
        run.freshDataset(null, { hideSchema: true });
        run.server.faults.next({ method: 'GET', path: 'actor-builds', times: 99, fault: { status: 404 } });
        expect(await enforcedHere()).toBeUndefined();
    });

    it('is none for a named dataset, unless it is given', async () => {
        run.freshDataset(requires('ofDataset'));
        expect(await enforcedHere({ dataset: 'a-named-one' })).toBeUndefined();
        expect(await enforcedHere({ dataset: 'a-named-one', schema: requires('given') })).toBe('given');
    });

    it('is that of an alias, by the dataset object or the build', async () => {
        run.freshDataset(null);
        run.server.addDataset({ id: 'AliasDataset00001', schema: dataset('ofAlias') });
        run.server.addDataset({ id: 'AliasDataset00002', hideSchema: true });
        process.env.ACTOR_STORAGES_JSON = JSON.stringify({
            datasets: { shown: 'AliasDataset00001', other: 'AliasDataset00002' },
        });
        try {
            expect(await enforcedHere({ dataset: { alias: 'shown' } })).toBe('ofAlias');
            expect(await enforcedHere({ dataset: { alias: 'other' } })).toBe('ofBuildAlias');
        } finally {
            delete process.env.ACTOR_STORAGES_JSON;
        }
    });

    it('is what the option gives, before all else; false leaves validation to the platform', async () => {
        run.freshDataset(requires('ofDataset'));
        expect(await enforcedHere({ schema: requires('given') })).toBe('given');
        const guard = await run.open({ schema: false });
        expect(await guard.pushData({})).toMatchObject({ acceptedItems: 1, quarantinedItems: 0 });
    });

    it('is asked for again once the platform rejects what passed here, and is used from then on, not sooner', async () => {
        const id = run.freshDataset(requires('ofDataset'));
        const guard = await run.open({ schema: requires('given'), ack: 'stored' });
        const both = { given: 1, ofDataset: 1 };
        await guard.pushData(both);
        // Where nothing is rejected the option is used, whatever the platform has.
        expect(await guard.pushData({ ofDataset: 1 })).toMatchObject({ quarantinedItems: 1 });
        await guard.pushData({ given: 1 });
        await guard.pushData({ given: 2 });
        await guard.pushData({ ofDataset: 2 });
        expect(run.server.items(id)).toEqual([both, { ofDataset: 2 }]);
        const records = run.quarantined(id);
        expect(records.map(({ item, rejectedBy }) => [item, rejectedBy])).toEqual([
            [{ ofDataset: 1 }, 'guard'],
            [{ given: 1 }, 'platform'],
            [{ given: 2 }, 'guard'],
        ]);
        expect(records[2]!.schemaHash).not.toBe(records[0]!.schemaHash);
    });

    it('that the platform refuses, too, is a SchemaLoadError that names its place', async () => {
        const id = run.freshDataset({ type: 'object', required: 'title' });
        const error: any = await run.open().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SchemaLoadError);
        expect(error).toMatchObject({ code: 'SCHEMA_LOAD', source: `dataset ${id}` });
        expect(error.message).toContain('schema.fields');
    });

    it.each([
        ['fields: {}', {}],
        ['a bare map of properties', { n: { type: 'number' }, price: { type: 'number' } }],
        ['a broken $ref', { type: 'object', properties: { n: { $ref: '#/definitions/none' } } }],
        ['an unknown format', { type: 'object', properties: { n: { type: 'string', format: 'isbn' } } }],
    ])('that means little is no error: %s', async (_, fields) => {
        const id = run.freshDataset(fields);
        const guard = await run.open();
        await guard.pushData({ n: 'x' });
        await guard.close();
        expect(run.server.items(id)).toEqual([{ n: 'x' }]);
    });

    it('is not guessed when the platform is down: open() rejects', async () => {
        run.freshDataset(requires('ofDataset'));
        const { Actor } = await import('apify');
        const open = await Actor.openDataset();
        run.server.faults.next({ method: 'GET', path: `datasets/${open.id}`, times: 99, fault: { status: 401 } });
        await expect(run.open({ dataset: open })).rejects.toMatchObject({ statusCode: 401 });
    });
});
