import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import * as library from '../src/index.js';
import { readItems, REPOSITORY, run } from './actor/support/actor-run.js';
import { badMovies, goodMovies, movies } from './actor/support/movies.js';
import type { ApiServer } from './support/api-server.js';
import { startApiServer } from './support/api-server.js';
import { platformEnv } from './support/platform-env.js';

const README = await readFile(join(REPOSITORY, 'README.md'), 'utf8');

interface CodeBlock {
    language: string;
    /** The file that the block is; a block without one declares types. */
    title?: string;
    code: string;
}

const BLOCKS: CodeBlock[] = [...README.matchAll(/^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$/gms)].map(
    ([, language, title, code]) => ({ language: language!, title, code: code! }),
);
const FILES = BLOCKS.filter(({ title }) => title !== undefined);
const DECLARATIONS = BLOCKS.filter(({ language, title }) => language === 'ts' && title === undefined);
const DATASET_SCHEMA = JSON.parse(FILES.find(({ title }) => title === '.actor/dataset_schema.json')!.code);

const ALIEN = { title: 'Alien', year: 1979 };
const BRAZIL = { title: 'Brazil', year: 1985 };
const NUMBERED = { title: 1941, year: 1979 };
const MUST_BE_STRING = { instancePath: '/title', message: 'must be string' };

/** A folder as an Actor's author has it, with the README's files and the packages installed. */
let project: string;
beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'readme-'));
    await mkdir(join(project, 'node_modules'));
    for (const name of ['apify', 'crawlee', '@types']) {
        await symlink(join(REPOSITORY, 'node_modules', name), join(project, 'node_modules', name));
    }
    await symlink(REPOSITORY, join(project, 'node_modules/apify-dataset-guard'));
    await write('package.json', JSON.stringify({ name: 'project', private: true, type: 'module' }));
    for (const { title, code } of FILES) await write(title!, code);
    await write('documented.ts', documentedTypes());
    await write('check.ts', typeChecks());
    await write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] }));
});
afterAll(async () => rm(project, { recursive: true, force: true }));

const COMPILER_OPTIONS = {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: false,
    skipLibCheck: true,
    types: ['node'],
    outDir: 'build',
    rootDir: '.',
};

async function write(path: string, content: string): Promise<void> {
    const file = join(project, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
}

/** The README's interfaces as a module of their own. */
function documentedTypes(): string {
    const imports = [
        `import type { ChargeResult } from 'apify';`,
        `import type { Dictionary, QuarantineReason, RedriveMark, RequestInfo } from 'apify-dataset-guard';`,
    ];
    const declarations = DECLARATIONS.map(({ code }) => code.replaceAll(/^interface/gm, 'export interface'));
    return [...imports, ...declarations].join('\n');
}

/** A module that compiles only if each of those interfaces is identical to the one that the package exports. */
function typeChecks(): string {
    const names = DECLARATIONS.flatMap(({ code }) => [...code.matchAll(/^interface (\w+)/gm)].map(([, name]) => name));
    return [
        `import type * as actual from 'apify-dataset-guard';`,
        `import type * as documented from './documented.js';`,
        `type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;`,
        `type Flat<T> = { [Key in keyof T]: T[Key] };`,
        ...names.map((name) => `export const ${name}: Same<Flat<actual.${name}>, Flat<documented.${name}>> = true;`),
    ].join('\n');
}

/** Runs one of the README's programs in an Actor's folder, with storage of its own. */
async function runLocally(program: string) {
    const storage = join(project, `storage-of-${program}`);
    const { exitCode, output } = await run(process.execPath, [join(project, 'build', `${program}.js`)], project, {
        CRAWLEE_STORAGE_DIR: storage,
        APIFY_LOG_FORMAT: 'JSON',
    });
    expect(exitCode, output).toBe(0);
    return { output, stored: await readItems(storage), quarantined: await readItems(storage, 'movies-quarantine') };
}

/** Runs one of the programs as a run on the platform. */
async function runOnPlatform(program: string) {
    const server: ApiServer = await startApiServer({ actorName: 'movies', dataset: { schema: DATASET_SCHEMA } });
    try {
        const finished = await run(
            process.execPath,
            [join(project, 'build', `${program}.js`)],
            project,
            platformEnv(server),
        );
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

describe('the programs of the README', { timeout: 60_000 }, () => {
    beforeAll(async () => {
        const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
        const { exitCode, output } = await run(process.execPath, [tsc, '-p', project], project);
        if (exitCode !== 0) throw new Error(`The README does not compile:\n${output}`);
    }, 60_000);

    it('are all run below', () => {
        const programs = FILES.filter(({ language }) => language === 'ts').map(({ title }) => title);
        expect(programs).toEqual([
            'main.ts',
            'unguarded.ts',
            'by-hand.ts',
            'crawl.ts',
            'options.ts',
            'bring-back.ts',
            'errors.ts',
        ]);
    });

    it('main.ts stores two items and quarantines the third, locally', async () => {
        const { output, stored, quarantined } = await runLocally('main');
        expect(stored).toEqual([ALIEN, BRAZIL]);
        expect(quarantined).toMatchObject([
            { item: NUMBERED, reason: 'schema', rejectedBy: 'guard', itemPosition: 0, errors: [MUST_BE_STRING] },
        ]);
        expect(output).toContain('2 stored, 1 quarantined');
        expect(output).toContain('/title must be text');
    });

    it('main.ts does so on the platform, with one request', async () => {
        const { exitCode, output, stored, quarantined, requests } = await runOnPlatform('main');
        expect(exitCode, output).toBe(0);
        expect(stored).toEqual([ALIEN, BRAZIL]);
        expect(quarantined).toMatchObject([{ item: NUMBERED, errors: [MUST_BE_STRING] }]);
        expect(requests).toBe(1);
    });

    it('unguarded.ts stores everything locally; on the platform a good item is lost and the run fails', async () => {
        expect((await runLocally('unguarded')).stored).toEqual([ALIEN, NUMBERED, BRAZIL]);
        const { exitCode, stored } = await runOnPlatform('unguarded');
        expect(exitCode).not.toBe(0);
        expect(stored).toEqual([ALIEN]);
    });

    it('by-hand.ts stores everything locally, and keeps the good items on the platform', async () => {
        const locally = await runLocally('by-hand');
        expect(locally.stored).toEqual([ALIEN, NUMBERED, BRAZIL]);
        expect(locally.quarantined).toEqual([]);
        const { exitCode, output, stored, quarantined } = await runOnPlatform('by-hand');
        expect(exitCode, output).toBe(0);
        expect(stored).toEqual([ALIEN, BRAZIL]);
        expect(quarantined).toMatchObject([{ item: NUMBERED, errors: [{ message: 'must be string' }] }]);
    });

    it('crawl.ts stores an item for each request', async () => {
        const { stored } = await runLocally('crawl');
        const titles = stored.map(({ title }) => title);
        expect(new Set(titles)).toEqual(new Set(['https://example.com/alien', 'https://example.com/brazil']));
        expect(titles).toHaveLength(2);
    });

    it('options.ts repairs one item, and quarantines another without its address', async () => {
        const { output, stored, quarantined } = await runLocally('options');
        expect(stored).toEqual([{ title: '1941', year: 1979 }]);
        expect(quarantined).toMatchObject([{ item: { title: 'Brazil', year: 'soon' }, reason: 'schema' }]);
        expect(quarantined[0].item).not.toHaveProperty('email');
        expect(output).toContain('schema /year');
    });

    it('bring-back.ts brings one item back, and the other returns', async () => {
        const { output, stored, quarantined } = await runLocally('bring-back');
        expect(output).toContain('1 stored, 1 in quarantine again');
        expect(stored).toEqual([{ title: '1941', year: 1979 }]);
        expect(quarantined.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
        expect(quarantined[2]).toMatchObject({ item: { title: 'Brazil', year: 'soon' }, redrive: { position: 1 } });
    });

    it('fix.js is a transform of the command line', async () => {
        const storage = join(project, 'storage-of-main');
        await rm(storage, { recursive: true, force: true });
        await runLocally('main');
        const args = [join(REPOSITORY, 'dist/cli/main.js'), 'redrive', '--transform', 'fix.js'];
        const command = async (...more: string[]) =>
            run(process.execPath, [...args, ...more], project, { CRAWLEE_STORAGE_DIR: storage });
        expect((await command('--dry-run')).output).toContain('1 would be stored, 0 would return to quarantine.');
        expect(await command()).toMatchObject({
            exitCode: 0,
            output: expect.stringContaining('1 stored, 0 in quarantine'),
        });
        expect(await readItems(storage)).toEqual([ALIEN, BRAZIL, { title: '1941', year: 1979 }]);
        expect((await command()).output).toContain('0 records read.');
    });

    it('errors.ts rejects the call and stores none of its items', async () => {
        const { output, stored, quarantined } = await runLocally('errors');
        expect(output).toContain('ITEMS_REJECTED 1');
        expect([stored, quarantined]).toEqual([[], []]);
    });
});

describe('the tables of the README', () => {
    it('name every option, and no other', async () => {
        const opened = library.DatasetGuard.open({ unheardOf: true } as object).then(() => new Error('was opened'));
        const { message } = await opened.catch((error: Error) => error);
        const options = /Expected one of: (.*)\./.exec(message)?.[1]?.split(', ');
        expect(new Set(tableRows('## Options').map(([name]) => unquoted(name!)))).toEqual(new Set(options));
    });

    it('name every option of a redrive, and no other', async () => {
        const begun = library.redriveQuarantine({ unheardOf: true } as object).then(() => new Error('was begun'));
        const { message } = await begun.catch((error: Error) => error);
        const options = /Expected one of: (.*)\./.exec(message)?.[1]?.split(', ');
        const documented = tableRows('## Bring items back').filter((cells) => cells.length === 4);
        expect(new Set(documented.map(([name]) => unquoted(name!)))).toEqual(new Set(options));
    });

    it('name every command', async () => {
        const { output } = await run(process.execPath, [join(REPOSITORY, 'dist/cli/main.js'), '--help'], project);
        const documented = tableRows('## The command line').filter(([name]) => /^`\w+ [<[]/.test(name!));
        expect(documented).toHaveLength(5);
        for (const usage of documented.map(([name]) => unquoted(name!))) {
            const [command, argument] = usage.split(' ');
            expect(output).toMatch(new RegExp(`^  ${command}.*${argument!.replaceAll(/[[\]]/g, '\\$&')}`, 'm'));
        }
    });

    it('name every error class with its code', () => {
        const documented = tableRows('## Errors').map(([name, code]) => [unquoted(name!), unquoted(code!)]);
        const classes = Object.entries(library).filter(
            ([name]) => name.endsWith('Error') && name !== 'DatasetGuardError',
        );
        const actual = classes.map(([name, errorClass]) => [name, Reflect.construct(errorClass, ['', {}]).code]);
        expect(new Set(documented)).toEqual(new Set([...actual, ['DatasetGuardError', 'NOT_INITIALIZED']]));
    });
});

describe('what else the README says', () => {
    it('has the numbers of the Actor', () => {
        expect(README).toContain(`It loads ${movies.length.toLocaleString('en-US')} movie records`);
        expect(README).toContain(`${goodMovies.length.toLocaleString('en-US')} are stored in\n`);
        expect(README).toContain(`${badMovies.length} go to \`storage/datasets/guarded-movies-quarantine\``);
    });

    it('has the two commands of a fresh clone', async () => {
        const { scripts } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
        expect(README).toContain('## Try it\n\n```sh\nnpm ci && npm start\nnpm test\n```');
        const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
        expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', ...named]));
    });

    it('leads somewhere with every link', async () => {
        const targets = [...README.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
        for (const target of targets.filter((link) => !link.startsWith('https://'))) {
            const [file, anchor] = target.split('#');
            const text = file === '' ? README : await readFile(join(REPOSITORY, file!), 'utf8');
            expect(anchor === undefined || anchorsOf(text).includes(anchor), target).toBe(true);
        }
    });
});

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(markdown: string): string[] {
    const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase());
    return headings.map((heading) => heading.replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'));
}

/** The cells of the first table below a heading, without its head. */
function tableRows(heading: string): string[][] {
    const section = README.split(`\n${heading}\n`)[1]!.split('\n## ')[0]!;
    const lines = section.split('\n').filter((line) => line.startsWith('|'));
    return lines.slice(2).map((line) =>
        line
            .slice(1, -1)
            .split(/(?<!\\)\|/)
            .map((cell) => cell.trim()),
    );
}

function unquoted(cell: string): string {
    return cell.replaceAll('`', '');
}
