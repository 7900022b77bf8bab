import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

import { describe, expect, it } from 'vitest';

import { REPOSITORY } from '../actor/support/actor-run.js';
import type { Page } from './support/pages.js';
import { anchorsOf, readPage, readPages, withoutCode } from './support/pages.js';

const pages = await readPages();

const manifest = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
const ON_GITHUB = String(manifest.homepage).replace(/#.*$/, '');
const FILE = `${ON_GITHUB}/blob/main/`;
const RAW = `${ON_GITHUB.replace('https://github.com/', 'https://raw.githubusercontent.com/')}/main/`;

/** The targets of a page's links and images, outside of code. */
function targetsOf({ text }: Page): string[] {
    return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** The path in the repository to which a target leads, and the heading; undefined where it leads elsewhere. */
function resolveTarget(page: Page, target: string): { path: string; anchor?: string } | undefined {
    const prefix = [FILE, RAW].find((start) => target.startsWith(start));
    if (prefix === undefined && /^https?:/.test(target)) return undefined;
    const [path = '', anchor] = (prefix === undefined ? target : target.slice(prefix.length)).split('#');
    const file = path === '' ? page.path : prefix === undefined ? join(dirname(page.path), path) : path;
    return { path: normalize(file), anchor };
}

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_path, page) => {
    it('leads somewhere with every link', async () => {
        for (const target of targetsOf(page)) {
            const resolved = resolveTarget(page, target);
            if (resolved === undefined) continue;
            expect(existsSync(join(REPOSITORY, resolved.path)), target).toBe(true);
            if (resolved.anchor === undefined) continue;
            const text = await readFile(join(REPOSITORY, resolved.path), 'utf8');
            expect(anchorsOf(text), target).toContain(resolved.anchor);
        }
    });

    it('names scripts of package.json that exist', async () => {
        const named = [...page.text.matchAll(/npm run (?:-s |--silent )?([\w:]+)/g)].map(([, name]) => name!);
        for (const name of named.filter((script) => !OF_A_READER.includes(script))) {
            expect(Object.keys(manifest.scripts), page.path).toContain(name);
        }
    });
});

/** Scripts that templates of Actors have. */
const OF_A_READER = ['build', 'start', 'test'];

it('no page has the marks of a merge that was not finished', async () => {
    for (const { path, text } of [...pages, await readPage('CHANGELOG.md')]) {
        expect(text, path).not.toMatch(/^(?:<{7}|>{7}|={7}$)/m);
    }
});

describe('the README', () => {
    it('has absolute links alone, because npm shows it, too', async () => {
        const readme = await readPage('README.md');
        for (const target of targetsOf(readme)) expect(target).toMatch(/^(https:|#)/);
    });

    it('leads to every page of docs/', async () => {
        const readme = await readPage('README.md');
        const reached = targetsOf(readme).map((target) => resolveTarget(readme, target)?.path);
        const names = (await readdir(join(REPOSITORY, 'docs'))).filter((name) => name.endsWith('.md'));
        expect(reached).toEqual(expect.arrayContaining(names.map((name) => `docs/${name}`)));
    });

    it('has a picture of the report that is small', async () => {
        const { size } = await stat(join(REPOSITORY, 'docs/report.png'));
        expect(size).toBeLessThan(150_000);
    });
});
