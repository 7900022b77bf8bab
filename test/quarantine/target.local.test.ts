import { Actor } from 'apify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { DatasetGuardOptions } from '../../src/index.js';
import type { LocalRun } from '../support/local-run.js';
import { startLocalRun } from '../support/local-run.js';

let run: LocalRun;
beforeAll(async () => {
    run = await startLocalRun();
});
afterEach(async () => run.reset());
afterAll(async () => run.stop());

const refused = (text: RegExp) => ({
    code: 'INVALID_OPTIONS',
    option: 'quarantine',
    message: expect.stringMatching(text),
});

describe('the option quarantine', () => {
    it.each<[string, DatasetGuardOptions]>([
        ['the name of the dataset', { dataset: 'movies', quarantine: 'movies' }],
        ['the name in another case', { dataset: 'movies', quarantine: { name: 'Movies' } }],
        ['the alias of the default dataset', { quarantine: { alias: 'default' } }],
        ['the name that the Actor gives by default', { dataset: 'actor-quarantine' }],
    ])('is refused where it is the dataset itself: %s', async (_, options) => {
        await run.fresh();
        await expect(run.open(options)).rejects.toMatchObject(
            refused(/the dataset that the items go to.*name another one/),
        );
    });

    it('is refused where it is the id of the dataset, or of the default dataset', async () => {
        const name = await run.fresh();
        const dataset = await Actor.openDataset('movies');
        await expect(run.open({ dataset, quarantine: { id: dataset.id } })).rejects.toMatchObject(
            refused(/the dataset/),
        );
        await expect(run.open({ quarantine: name })).rejects.toMatchObject(refused(/the dataset/));
    });

    it.each(['my_quarantine', 'a b', 'x-', '-x', 'x'.repeat(64), 'ü', '../x', 'a/b/c'])(
        'is refused as a name that the platform refuses: %s',
        async (quarantine) => {
            await run.fresh();
            await expect(run.open({ quarantine })).rejects.toMatchObject(refused(/63 letters, digits and hyphens/));
        },
    );

    it.each<[string, DatasetGuardOptions['quarantine']]>([
        ['a name of 63 characters', 'x'.repeat(63)],
        ['a name with capitals', { name: 'My-Quarantine-2' }],
        ["another user's dataset", 'joe~quarantine'],
        ['an id', { id: '7f3c0e2e-8f0f-4f63-9a52-6f3b7a1c2d3e' }],
    ])('takes %s', async (_, quarantine) => {
        await run.fresh();
        const guard = await run.open({ quarantine });
        expect(guard.report()).toMatchObject({ receivedItems: 0 });
    });
});
