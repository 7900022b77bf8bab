import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import * as library from '../../src/index.js';
import { REPOSITORY, run } from '../actor/support/actor-run.js';
import { badMovies, goodMovies, movies } from '../actor/support/movies.js';
import { coerceValue } from '../pipeline/repair/support/coerce-by-policy.js';
import { readPage, readPages, sectionOf, tableRows, unquoted } from './support/pages.js';
import { interfaceNames } from './support/sources.js';

const rowsOf = async (path: string, heading: string) => tableRows(sectionOf(await readPage(path), heading));

/** The names that a call with an unknown option lists. */
async function optionsOf(call: () => Promise<unknown>): Promise<Set<string>> {
    const { message } = await call().then(
        () => new Error('the option was taken'),
        (error: Error) => error,
    );
    return new Set(/Expected one of: (.*)\./.exec(message)?.[1]?.split(', '));
}

describe('the tables of the pages', () => {
    it('name every option, and no other', async () => {
        const options = await optionsOf(async () => library.DatasetGuard.open({ unheardOf: true } as object));
        const documented = await rowsOf('docs/options.md', '## Options');
        expect(new Set(documented.map(([name]) => unquoted(name!)))).toEqual(options);
    });

    it('name every method', async () => {
        const methods = Object.getOwnPropertyNames(library.DatasetGuard.prototype).filter(
            (name) => name !== 'constructor',
        );
        const text = sectionOf(await readPage('docs/options.md'), '## Methods');
        for (const name of methods) expect(text).toContain(`guard.${name}(`);
    });

    it('name every option of a redrive, and no other', async () => {
        const options = await optionsOf(async () => library.redriveQuarantine({ unheardOf: true } as object));
        const documented = await rowsOf('docs/quarantine.md', '## Bring items back');
        const rows = documented.filter((cells) => cells.length === 4);
        expect(new Set(rows.map(([name]) => unquoted(name!)))).toEqual(options);
    });

    it('name every command', async () => {
        const { output } = await run(process.execPath, [join(REPOSITORY, 'dist/cli/main.js'), '--help'], REPOSITORY);
        const documented = await rowsOf('docs/command-line.md', '# The command line');
        const usages = documented.map(([name]) => unquoted(name!)).filter((name) => /^\w+ [<[]/.test(name));
        expect(usages).toHaveLength(5);
        for (const usage of usages) {
            const [command, argument] = usage.split(' ');
            expect(output).toMatch(new RegExp(`^  ${command}.*${argument!.replaceAll(/[[\]]/g, '\\$&')}`, 'm'));
        }
    });

    it('name options of `check` that it has', async () => {
        const cli = join(REPOSITORY, 'dist/cli/main.js');
        const { output } = await run(process.execPath, [cli, 'check', '--help'], REPOSITORY);
        const documented = await rowsOf('docs/command-line.md', '## `check` in a build');
        expect(documented.length).toBeGreaterThan(3);
        for (const [usage] of documented) expect(output).toContain(unquoted(usage!));
    });

    it('name every error class with its code', async () => {
        const documented = (await rowsOf('docs/errors.md', '## Errors')).map(([name, code]) => [
            unquoted(name!),
            unquoted(code!),
        ]);
        const classes = Object.entries(library).filter(
            ([name]) => name.endsWith('Error') && name !== 'DatasetGuardError',
        );
        const actual = classes.map(([name, errorClass]) => [name, Reflect.construct(errorClass, ['', {}]).code]);
        expect(new Set(documented)).toEqual(new Set([...actual, ['DatasetGuardError', 'NOT_INITIALIZED']]));
    });

    it('name log lines and messages that the code has', async () => {
        const page = await readPage('docs/errors.md');
        const lines = [...tableRows(sectionOf(page, '## Log lines')), ...tableRows(sectionOf(page, '## Wrong calls'))];
        expect(lines.length).toBeGreaterThan(20);
        const source = await messagesOfSource();
        const parts = lines.flatMap(([line]) =>
            unquoted(line!)
                .split('…')
                .map((part) => part.trim()),
        );
        // Not the whole source in the message of a test that fails.
        expect(parts.filter((part) => /\w/.test(part) && !source.includes(part))).toEqual([]);
    });

    it('name what `coerce` makes of a value', async () => {
        const documented = await rowsOf('docs/repair.md', '### What `coerce` does');
        const valuesIn = (cell: string) =>
            [...cell.matchAll(/`([^`]+)`/g)].map(([, code]): unknown => JSON.parse(code!.replaceAll("'", '"')));
        let compared = 0;
        for (const [before, wanted, after] of documented) {
            const values = valuesIn(before!);
            const type = wanted === 'text' ? 'string' : unquoted(wanted!);
            // Several values become one and the same, or each its own.
            const results = after!.startsWith('stays') ? values : valuesIn(after!);
            for (const [index, value] of values.entries()) {
                expect(await coerceValue(value, type), before).toEqual(results[results.length === 1 ? 0 : index]);
                compared++;
            }
        }
        expect(compared).toBe(16);
    });

    it('name every reason for which an item is in quarantine', async () => {
        const documented = await rowsOf('docs/quarantine.md', '## Read');
        const records = await readFile(join(REPOSITORY, 'src/records.ts'), 'utf8');
        const reasons = [.../export type QuarantineReason =([^;]*);/.exec(records)![1]!.matchAll(/'([^']+)'/g)];
        expect(new Set(documented.map(([name]) => unquoted(name!)))).toEqual(new Set(reasons.map(([, name]) => name)));
    });
});

/** All that the source says: literals that are put together from parts are one text. */
async function messagesOfSource(): Promise<string> {
    const names = await readdir(join(REPOSITORY, 'src'), { recursive: true });
    const files = names.filter((name) => name.endsWith('.ts'));
    const texts = await Promise.all(files.map(async (name) => readFile(join(REPOSITORY, 'src', name), 'utf8')));
    return texts
        .join('\n')
        .replaceAll(/['"`] \+\s*['"`]/g, '')
        .replaceAll("\\'", "'");
}

describe('what else the pages say', () => {
    it('has the interfaces that users read', async () => {
        // `pages.test.ts` compares each with the one that the package exports.
        expect(interfaceNames(await readPages())).toEqual(
            expect.arrayContaining([
                'PushResult',
                'QuarantineRecord',
                'ItemError',
                'GuardReport',
                'ReasonSummary',
                'RepairSummary',
                'RedriveResult',
                'SkippedRecords',
            ]),
        );
    });

    it('has the numbers of the Actor', async () => {
        const { text } = await readPage('README.md');
        const words = text.replaceAll(/\s+/g, ' ');
        expect(words).toContain(`loads ${movies.length.toLocaleString('en-US')} movie records`);
        expect(words).toContain(`${goodMovies.length.toLocaleString('en-US')} are stored in`);
        expect(words).toContain(`${badMovies.length} go to \`storage/datasets/guarded-movies-quarantine\``);
    });

    it('has the two commands of a fresh clone', async () => {
        const { text } = await readPage('README.md');
        expect(text).toContain('## Try it\n\n```sh\nnpm ci && npm start\nnpm test\n```');
    });

    it('is a README of at most 1,300 words, which convinces on its first screen', async () => {
        const { text } = await readPage('README.md');
        expect(text.split(/\s+/).length).toBeLessThanOrEqual(1_300);
        const picture = text.indexOf('![');
        expect(text.slice(0, picture).split('\n').length).toBeLessThan(30);
    });
});
