import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { publishedManifest } from '../scripts/published-manifest.mjs';
import { REPOSITORY, run } from './actor/support/actor-run.js';

/** The files that a user downloads. */
let files: string[];
beforeAll(async () => {
    // The scripts would clean `dist`, which other tests are using; it has just been built.
    const { exitCode, output } = await run(
        'npm',
        ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'],
        REPOSITORY,
    );
    if (exitCode !== 0) throw new Error(output);
    const [packed] = JSON.parse(output);
    files = packed.files.map(({ path }: { path: string }) => path);
}, 60_000);

describe('the package', () => {
    it('has types that TypeScript 5.4 can read: typed arrays and buffers take no parameter', async () => {
        const types = files.filter((file) => file.endsWith('.d.ts'));
        expect(types.length).toBeGreaterThan(10);
        const texts = await Promise.all(types.map(async (file) => readFile(join(REPOSITORY, file), 'utf8')));
        const generic = /\b(?:(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|Buffer|ArrayBufferView|NonSharedBuffer)</;
        expect(types.filter((_, index) => generic.test(texts[index]!))).toEqual([]);
    });

    it('has a manifest without what only this repository needs', async () => {
        const manifest = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
        const published = publishedManifest(manifest);
        expect(Object.keys(published)).not.toEqual(
            expect.arrayContaining([expect.stringMatching(/^(workspaces|scripts|devDependencies)$/)]),
        );
        const repository = 'https://github.com/apify-dataset-guard/apify-dataset-guard';
        expect(published).toMatchObject({
            homepage: `${repository}#readme`,
            bugs: { url: `${repository}/issues` },
            repository: { url: `git+${repository}.git` },
            author: expect.any(String),
            publishConfig: { provenance: true },
        });
        expect(manifest.scripts).toMatchObject({
            prepack: expect.stringContaining('published-manifest.mjs strip'),
            postpack: 'node scripts/published-manifest.mjs restore',
        });
    });

    it('has its papers, the built library, and nothing else', () => {
        const papers = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];
        expect(new Set(files.filter((file) => !file.startsWith('dist/')))).toEqual(new Set(papers));
        const built = files.filter((file) => file.startsWith('dist/'));
        expect(built.filter((file) => !/\.(js|cjs|d\.ts)$/.test(file))).toEqual([]);
        expect(built.filter((file) => file.startsWith('dist/actor/'))).toEqual([]);
    });

    it('has the types of each module, and a built file for each entry point', async () => {
        const sources = await readdir(join(REPOSITORY, 'src'), { recursive: true });
        const modules = sources.filter((file) => file.endsWith('.ts') && !file.startsWith('actor'));
        const types = modules.map((file) => `dist/${file.replace(/\.ts$/, '.d.ts')}`);
        const built = ['dist/index.js', 'dist/testing/index.js', 'dist/cli/main.js', 'dist/crawlee-core.cjs'];
        expect(files).toEqual(expect.arrayContaining([...types, ...built]));
    });
});
