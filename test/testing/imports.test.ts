import { isBuiltin } from 'node:module';

import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

import packageJson from '../../package.json' with { type: 'json' };
import { REPOSITORY } from '../actor/support/actor-run.js';

/** All files of ours that an entry point loads, now or later, and the packages that they import. */
async function whatIsLoadedBy(entry: string): Promise<{ files: string[]; packages: string[] }> {
    const { metafile } = await build({
        absWorkingDir: REPOSITORY,
        entryPoints: [entry],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'node',
        packages: 'external',
        logLevel: 'silent',
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    const names = imports.filter(({ external }) => external).map(({ path }) => path);
    const packages = names.filter((path) => !isBuiltin(path)).map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]);
    return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)] };
}

describe('the entry point apify-dataset-guard', () => {
    it('loads nothing of the test platform', async () => {
        const { files, packages } = await whatIsLoadedBy('src/index.ts');
        expect(files.filter((file) => file.startsWith('src/testing/'))).toEqual([]);
        expect(packages).not.toContain('ws');
    });
});

describe('the entry point apify-dataset-guard/testing', () => {
    it('imports only packages that a user has', async () => {
        const { packages } = await whatIsLoadedBy('src/testing/index.ts');
        expect(Object.keys(packageJson.dependencies)).toEqual(expect.arrayContaining(packages));
    });

    it('does not load the SDK, so that a test may still set the environment of the run', async () => {
        const { packages } = await whatIsLoadedBy('src/testing/index.ts');
        expect(packages).not.toContain('apify');
    });
});
