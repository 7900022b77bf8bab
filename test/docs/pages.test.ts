import { rm } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readItems } from '../actor/support/actor-run.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { checkBlock } from './support/check-block.js';
import { readPages } from './support/pages.js';
import { ReaderFolder } from './support/reader-folder.js';

const pages = await readPages();
const folder = new ReaderFolder(pages);
beforeAll(async () => folder.make(), 120_000);
afterAll(async () => folder.remove());

const pageAt = (path: string) => pages.find((page) => page.path === path)!;

describe.concurrent.each(pages.filter(({ blocks }) => blocks.length > 0).map((page) => [page.path, page] as const))(
    '%s',
    { timeout: 300_000 },
    (_path, page) => {
        it('does what it says, block by block', async () => {
            const reader = { folder, page };
            for (const block of page.blocks) {
                await expect(checkBlock(reader, block)).resolves.toBeUndefined();
            }
        });
    },
);

const ALIEN = { title: 'Alien' };
const BRAZIL = { title: 'Brazil' };
const NUMBERED = { title: 1941 };
const MUST_BE_STRING = { instancePath: '/title', message: 'must be string' };
const ALIEN_1979 = { title: 'Alien', year: 1979 };
const BRAZIL_1985 = { title: 'Brazil', year: 1985 };
const NUMBERED_1979 = { title: 1941, year: 1979 };

/** Runs a program of a page with a storage of its own. */
async function runLocally(path: string, program: string, storage = folder.storage(`${path}-${program}`)) {
    const finished = await folder.shell(pageAt(path), `npx tsx ${program}`, { CRAWLEE_STORAGE_DIR: storage });
    expect(finished.exitCode, finished.output).toBe(0);
    const stored = await readItems(storage);
    return { output: finished.output, stored, quarantined: await readItems(storage, 'movies-quarantine') };
}

/** Runs a program of a page as a run on the platform. */
async function runOnPlatform(path: string, program: string) {
    const schema = JSON.parse(pageAt('README.md').blocks.find(({ title }) => title?.endsWith('_schema.json'))!.code);
    const server = await startApiServer({ actorName: 'movies', dataset: { schema } });
    try {
        const finished = await folder.shell(pageAt(path), `npx tsx ${program}`, platformEnv(server));
        return {
            ...finished,
            stored: server.items(),
            quarantined: [...server.items('tester-movies-quarantine'), ...server.items('movies-quarantine')],
            requests: server.pushRequests().length,
        };
    } finally {
        await server.close();
    }
}

describe('programs of the pages', { timeout: 120_000 }, () => {
    it('main.ts of the README stores two items and quarantines the third, locally', async () => {
        const { output, stored, quarantined } = await runLocally('README.md', 'main.ts');
        expect(stored).toEqual([ALIEN, BRAZIL]);
        expect(quarantined).toMatchObject([
            { item: NUMBERED, reason: 'schema', rejectedBy: 'guard', itemPosition: 1, errors: [MUST_BE_STRING] },
        ]);
        expect(output).toContain('/title must be text');
    });

    it('main.ts of the README does so on the platform, with one request', async () => {
        const { exitCode, output, stored, quarantined, requests } = await runOnPlatform('README.md', 'main.ts');
        expect(exitCode, output).toBe(0);
        expect(stored).toEqual([ALIEN, BRAZIL]);
        expect(quarantined).toMatchObject([{ item: NUMBERED, errors: [MUST_BE_STRING] }]);
        expect(requests).toBe(1);
    });

    it('main.ts of the README before its change stores all locally; on the platform it stores nothing and fails', async () => {
        expect((await runLocally('README.md', 'before-main.ts')).stored).toEqual([ALIEN, NUMBERED, BRAZIL]);
        const { exitCode, output, stored } = await runOnPlatform('README.md', 'before-main.ts');
        expect(exitCode).not.toBe(0);
        expect(output).toContain('schema-validation-error');
        expect(stored).toEqual([]);
    });

    it('by-hand.ts stores everything locally, and keeps the good items on the platform', async () => {
        const locally = await runLocally('docs/rejected-batches.md', 'by-hand.ts');
        expect(locally.stored).toEqual([ALIEN_1979, NUMBERED_1979, BRAZIL_1985]);
        expect(locally.quarantined).toEqual([]);
        const onPlatform = await runOnPlatform('docs/rejected-batches.md', 'by-hand.ts');
        expect(onPlatform.exitCode, onPlatform.output).toBe(0);
        expect(onPlatform.stored).toEqual([ALIEN_1979, BRAZIL_1985]);
        expect(onPlatform.quarantined).toMatchObject([
            { item: NUMBERED_1979, errors: [{ message: 'must be string' }] },
        ]);
    });

    it.each([
        ['README.md', 'crawl.ts', ['https://example.com/alien', 'https://example.com/brazil']],
        ['README.md', 'installed.ts', ['https://example.com/alien', 'https://example.com/brazil']],
        ['docs/crawlers.md', 'router.ts', ['https://example.com/alien', 'https://example.com/brazil']],
        ['docs/crawlers.md', 'hook.ts', ['https://example.com/alien']],
        ['docs/crawlers.md', 'install.ts', ['https://example.com/alien', 'https://example.com/alien again']],
    ])('%s: %s stores an item for each page, once', async (path, program, titles) => {
        const { stored } = await runLocally(path, program);
        expect(stored.map(({ title }) => title).sort()).toEqual(titles);
    });

    it('options.ts repairs one item, and quarantines another without its address', async () => {
        const { output, stored, quarantined } = await runLocally('docs/options.md', 'options.ts');
        expect(stored).toEqual([{ title: '1941', year: 1979 }]);
        expect(quarantined).toMatchObject([{ item: { title: 'Brazil', year: 'soon' }, reason: 'schema' }]);
        expect(quarantined[0].item).not.toHaveProperty('email');
        expect(output).toContain('schema /year');
    });

    it('repair.ts stores the item repaired, and names each repair', async () => {
        const { output, stored, quarantined } = await runLocally('docs/repair.md', 'repair.ts');
        expect(output).toContain('/price coerced 1\n/debug removed 1\n/year removed 1\n');
        expect(stored).toEqual([{ title: 'Alien', price: 1200.5 }]);
        expect(quarantined).toEqual([]);
    });

    it('bring-back.ts brings one item back, and the other returns', async () => {
        const { output, stored, quarantined } = await runLocally('docs/quarantine.md', 'bring-back.ts');
        expect(output).toContain('1 stored, 1 in quarantine again');
        expect(stored).toEqual([{ title: '1941', year: 1979 }]);
        expect(quarantined.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
        expect(quarantined[2]).toMatchObject({ item: { title: 'Brazil', year: 'soon' }, redrive: { position: 1 } });
    });

    it('fix.js is a transform of the command line', async () => {
        const page = pageAt('docs/quarantine.md');
        const storage = folder.storage('fix');
        await rm(storage, { recursive: true, force: true });
        await runLocally('docs/quarantine.md', 'main.ts', storage);
        const command = async (...more: string[]) =>
            folder.shell(page, ['npx apify-dataset-guard redrive --transform fix.js', ...more].join(' '), {
                CRAWLEE_STORAGE_DIR: storage,
            });
        expect((await command('--dry-run')).output).toContain('1 would be stored, 0 would return to quarantine.');
        expect(await command()).toMatchObject({
            exitCode: 0,
            output: expect.stringContaining('1 stored, 0 in quarantine'),
        });
        expect(await readItems(storage)).toEqual([ALIEN, BRAZIL, { title: '1941' }]);
        expect((await command()).output).toContain('0 records read.');
    });

    it('errors.ts rejects the call and stores none of its items', async () => {
        const { output, stored, quarantined } = await runLocally('docs/errors.md', 'errors.ts');
        expect(output).toContain('ITEMS_REJECTED 1');
        expect([stored, quarantined]).toEqual([[], []]);
    });
});
