import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { REPOSITORY } from '../../actor/support/actor-run.js';

/** A fenced block of a page. Attributes stand behind the language, where GitHub does not show them. */
export interface CodeBlock {
    language: string;
    code: string;
    /** The file that the block is, in the reader's folder. */
    title?: string;
    /** `'platform'`: it is run against the support server, because that is what it is about. */
    run?: string;
    /** For messages of tests: `docs/options.md:12`. */
    place: string;
}

export interface Page {
    /** From the root of the repository: `docs/options.md`. */
    path: string;
    text: string;
    blocks: CodeBlock[];
}

const FOLDERS = ['', 'docs', 'examples', '.actor'];
/** The changelog tells the history of versions, and shows no code. */
const NOT_GUIDES = ['CHANGELOG.md'];

/** All pages for readers, the README first, because every other page goes on from it. */
export async function readPages(): Promise<Page[]> {
    const paths = await Promise.all(
        FOLDERS.map(async (folder) => {
            const names = await readdir(join(REPOSITORY, folder));
            return names.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
        }),
    );
    const guides = paths.flat().filter((path) => !NOT_GUIDES.includes(path));
    const sorted = ['README.md', ...guides.filter((path) => path !== 'README.md').sort()];
    return Promise.all(sorted.map(readPage));
}

export async function readPage(path: string): Promise<Page> {
    const text = await readFile(join(REPOSITORY, path), 'utf8');
    return { path, text, blocks: blocksOf(path, text) };
}

function blocksOf(path: string, text: string): CodeBlock[] {
    return [...text.matchAll(/^( *)```(.*)\n([^]*?)^ *```$/gm)].map((match) => {
        const [, indent, info, body] = match as unknown as [string, string, string, string];
        const [, language = '', attributes = ''] = /^(\S*)(.*)$/.exec(info)!;
        const values = [...attributes.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
        const line = text.slice(0, match.index).split('\n').length;
        const code = indent === '' ? body : body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
        return { language, code, place: `${path}:${line}`, ...Object.fromEntries(values) };
    });
}

/** Returns the text below a heading, up to the next one of its level or above. */
export function sectionOf({ path, text }: Page, heading: string): string {
    const [marks] = heading.split(' ');
    const [, ...rest] = `\n${text}`.split(`\n${heading}\n`);
    if (rest.length !== 1) throw new Error(`${path} has the heading "${heading}" ${rest.length} times`);
    return rest[0]!.split(new RegExp(`\\n#{1,${marks!.length}} `))[0]!;
}

/** The cells of all tables of a text, without their heads. */
export function tableRows(text: string): string[][] {
    const tables = text.matchAll(/(?:^\|.*\n?)+/gm);
    return [...tables].flatMap(([table]) => table.trimEnd().split('\n').slice(2).map(cellsOf));
}

export function cellsOf(line: string): string[] {
    const cells = line.slice(1, -1).split(/(?<!\\)\|/);
    return cells.map((cell) => cell.trim());
}

export function unquoted(cell: string): string {
    return cell.replaceAll('`', '');
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(markdown: string): string[] {
    const headings = [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase());
    return headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N}_\s-]/gu, '').replaceAll(' ', '-'));
}

export function withoutCode(markdown: string): string {
    return markdown.replaceAll(/^ *```[^]*?^ *```$/gm, '');
}
