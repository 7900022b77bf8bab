import { isBuiltin } from 'node:module';

import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

import packageJson from '../package.json' with { type: 'json' };
import { REPOSITORY } from './actor/support/actor-run.js';

async function bundle(entry: string): Promise<Metafile> {
    const { metafile } = await build({
        absWorkingDir: REPOSITORY,
        entryPoints: [entry],
        bundle: true,
        splitting: true,
        outdir: 'nowhere',
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'node',
        packages: 'external',
        logLevel: 'silent',
    });
    return metafile;
}

/** All files of ours that an entry point loads, now or later, and the packages that they import. */
async function whatIsLoadedBy(entry: string): Promise<{ files: string[]; packages: string[] }> {
    const metafile = await bundle(entry);
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    const names = imports.filter(({ external }) => external).map(({ path }) => path);
    const packages = names.filter((path) => !isBuiltin(path)).map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)![0]);
    return { files: Object.keys(metafile.inputs), packages: [...new Set(packages)] };
}

/** The files of ours that are loaded before the first line of a user's program runs. */
async function whatIsLoadedAtOnceBy(entry: string): Promise<string[]> {
    const { outputs } = await bundle(entry);
    const loaded = new Set<string>();
    const load = (output: string): void => {
        if (loaded.has(output)) return;
        loaded.add(output);
        for (const { path, kind, external } of outputs[output]!.imports) {
            if (kind === 'import-statement' && !external) load(path);
        }
    };
    load(Object.keys(outputs).find((output) => outputs[output]!.entryPoint === entry)!);
    return [...loaded].flatMap((output) => Object.keys(outputs[output]!.inputs));
}

describe('the entry point apify-dataset-guard', () => {
    it('loads the code that infers, suggests and redrives only when that is called', async () => {
        const files = await whatIsLoadedAtOnceBy('src/index.ts');
        expect(files).toContain('src/dataset-guard.ts');
        expect(files.filter((file) => /^src\/(infer\/(suggest|write-schema)|redrive\/redrive)/.test(file))).toEqual([]);
    });

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
