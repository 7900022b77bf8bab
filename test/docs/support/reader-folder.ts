import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

import { REPOSITORY, run } from '../../actor/support/actor-run.js';
import { BUNDLED_COMMAND_LINE, BUNDLED_PACKAGES } from '../../support/script-packages.js';
import type { CodeBlock, Page } from './pages.js';
import { documentedInterfaces, filesOf, interfaceChecks, interfaceNames } from './sources.js';

const COMMANDS = fileURLToPath(new URL('reader-command.mjs', import.meta.url));
const MOVIES = fileURLToPath(new URL('../data/movies.json', import.meta.resolve('vega-datasets')));

/** No command that a page shows keeps the reader waiting, also on a busy machine. */
const MAX_COMMAND_SECS = 150;

/** What pages run most often, without another process that starts it. */
const AT_ONCE: Record<string, string[]> = {
    node: [`if [ -f "$1" ]; then exec '${process.execPath}' "$@"; fi`],
    npx: [
        'if [ "$1" = apify-dataset-guard ]; then shift',
        // The SDK, which only this command loads, is loaded faster from the bundle.
        `if [ "$1" = redrive ]; then exec '${process.execPath}' '${BUNDLED_COMMAND_LINE}' "$@"; fi`,
        `exec '${process.execPath}' '${REPOSITORY}/dist/cli/main.js' "$@"; fi`,
        // Compiled beforehand.
        'if [ "$1" = tsx ]; then program="$2"; shift 2; case "$program" in *ts) program="${program%ts}js";; esac',
        `exec '${process.execPath}' "$program" "$@"; fi`,
    ],
};

const COMPILER_OPTIONS = {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: false,
    skipLibCheck: true,
    types: ['node'],
    lib: ['ES2023', 'ESNext.Disposable'],
};

/**
 * The disk of a reader: one folder for each page, which begins with the files of the README and then holds those of
 * the page. All of them are compiled as one program, because starting the compiler costs more than compiling.
 */
export class ReaderFolder {
    readonly #pages: Page[];
    #root = '';

    constructor(pages: Page[]) {
        this.#pages = pages;
    }

    async make(): Promise<void> {
        this.#root = await mkdtemp(join(tmpdir(), 'reader-'));
        await this.#installPackages();
        await this.#makeCommands();
        const [readme] = this.#pages as [Page];
        for (const page of this.#pages) {
            await this.write(page, 'package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
            for (const { path, code } of filesOf(readme)) await this.write(page, path, code);
            for (const { path, code } of filesOf(page).filter(isCompiled)) await this.write(page, path, code);
            await symlink(MOVIES, join(this.of(page), 'movies.json'));
        }
        await this.write(readme, 'documented.ts', await documentedInterfaces(this.#pages));
        await this.write(readme, 'check.ts', interfaceChecks(interfaceNames(this.#pages)));
        await this.#compile();
        await this.#useBundledPackages();
        // A reader of another page has run the README's first program.
        const { exitCode, output } = await this.shell(readme, 'npx tsx main.ts');
        if (exitCode !== 0) throw new Error(`The first program of the README failed:\n${output}`);
        for (const page of this.#pages.slice(1)) {
            await cp(join(this.of(readme), 'storage'), join(this.of(page), 'storage'), { recursive: true });
        }
    }

    /** The reader has come to a block: a file that is no TypeScript is written only now. */
    async meet(page: Page, { title, code }: CodeBlock): Promise<void> {
        if (title !== undefined && !isCompiled({ path: title })) await this.write(page, title, code);
    }

    async remove(): Promise<void> {
        await rm(this.#root, { recursive: true, force: true });
    }

    of({ path }: Page): string {
        return join(this.#root, path.replaceAll(/\W/g, '-'));
    }

    /** Runs a command line as the reader's shell does. Both streams are one, so that their lines keep their order. */
    async shell(page: Page, line: string, env: NodeJS.ProcessEnv = {}) {
        const path = [join(this.#root, 'commands'), process.env.PATH].join(delimiter);
        const finished = await run(
            'timeout',
            [String(MAX_COMMAND_SECS), 'bash', '-o', 'pipefail', '-c', `exec 2>&1\n${line}`],
            this.of(page),
            {
                PATH: path,
                REPOSITORY,
                ...env,
            },
        );
        return { ...finished, output: stripVTControlCharacters(finished.output) };
    }

    async write(page: Page, path: string, content: string): Promise<void> {
        const file = join(this.of(page), path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
    }

    /** A folder that a run has to itself, where a test compares all that the run stored. */
    storage(name: string): string {
        return join(this.#root, 'storages', name);
    }

    async #installPackages(): Promise<void> {
        const target = join(this.#root, 'node_modules');
        await mkdir(target);
        for (const name of await readdir(join(REPOSITORY, 'node_modules'))) {
            if (!name.startsWith('.')) await symlink(join(REPOSITORY, 'node_modules', name), join(target, name));
        }
        await rm(join(target, 'apify-dataset-guard'), { recursive: true, force: true });
        await symlink(REPOSITORY, join(target, 'apify-dataset-guard'));
    }

    /** The same code, but loaded in a third of the time. */
    async #useBundledPackages(): Promise<void> {
        for (const name of ['apify', 'apify-client', 'apify-dataset-guard', 'crawlee']) {
            const link = join(this.#root, 'node_modules', name);
            await rm(link);
            await symlink(join(BUNDLED_PACKAGES, name), link);
        }
    }

    /** In place of what would install or download: see `reader-command.mjs`. */
    async #makeCommands(): Promise<void> {
        const folder = join(this.#root, 'commands');
        await mkdir(folder);
        for (const name of ['npm', 'npx', 'node', 'apify', 'git']) {
            const last = `exec '${process.execPath}' '${COMMANDS}' ${name} "$@"`;
            await writeFile(join(folder, name), ['#!/bin/sh', ...(AT_ONCE[name] ?? []), last, ''].join('\n'));
            await chmod(join(folder, name), 0o755);
        }
    }

    async #compile(): Promise<void> {
        const config = { compilerOptions: COMPILER_OPTIONS, include: ['**/*.ts', '**/*.cts'] };
        await writeFile(join(this.#root, 'tsconfig.json'), JSON.stringify(config));
        const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
        const { exitCode, output } = await run(process.execPath, [tsc, '-p', this.#root], this.#root);
        if (exitCode !== 0) throw new Error(`The pages do not compile:\n${output}`);
    }
}

function isCompiled({ path }: { path: string }): boolean {
    return /\.[cm]?ts$/.test(path);
}
