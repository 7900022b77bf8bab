import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as library from '../../../src/index.js';
import { REPOSITORY } from '../../actor/support/actor-run.js';
import type { CodeBlock, Page } from './pages.js';

/** A module that stands for a block of TypeScript in the reader's folder. */
export interface SourceFile {
    path: string;
    code: string;
}

export const isTypeScript = ({ language }: CodeBlock) => language === 'ts' || language === 'typescript';
export const isDeclaration = (block: CodeBlock) =>
    isTypeScript(block) && block.title === undefined && /^\s*(?:export )?interface /.test(block.code);

/** Lines of code without a name are compiled, those of JavaScript, too. */
const isSnippet = (block: CodeBlock) =>
    block.title === undefined && (isTypeScript(block) || block.language === 'js') && !isDeclaration(block);

/** The files that a reader of the page has after it: titled blocks, both sides of a diff, and the rest as modules. */
export function filesOf({ blocks }: Page): SourceFile[] {
    return blocks.flatMap((block, index) => {
        const { language, title, code } = block;
        if (language === 'diff') return sidesOf(title ?? `diff-${index}.ts`, code);
        if (title !== undefined) return [{ path: title, code }];
        if (isSnippet(block)) return [{ path: snippetName(index), code: asModule(code) }];
        return [];
    });
}

export const snippetName = (index: number) => `snippet-${index}.ts`;

/** Before and after a change, the second under the name that the page gives. */
function sidesOf(title: string, diff: string): SourceFile[] {
    const lines = diff.trimEnd().split('\n');
    const side = (removed: string) =>
        lines.filter((line) => !line.startsWith(removed)).map((line) => `${line.slice(1)}\n`);
    return [
        { path: `before-${title}`, code: side('+').join('') },
        { path: title, code: side('-').join('') },
    ];
}

/** The code that a page with a few lines leaves out: the imports, and the things that the reader has by then. */
function asModule(code: string): string {
    if (/^import /m.test(code)) return code;
    const isUsed = (name: string) => new RegExp(`\\b${name}\\b`).test(code);
    const isDeclared = (name: string) => new RegExp(`(?:const|let|using|class) (?:\\{[^}]*)?${name}\\b`).test(code);
    const isMissing = (name: string) => isUsed(name) && !isDeclared(name);
    const names = Object.keys(library).filter(isMissing);
    const declared = Object.entries(KNOWN).filter(([name]) => isMissing(name));
    return [
        ...(isMissing('Actor') ? [`import { Actor } from 'apify';`] : []),
        `import { ${names.join(', ')} } from 'apify-dataset-guard';`,
        `import type { DatasetGuardOptions } from 'apify-dataset-guard';`,
        ...declared.map(([name, type]) => `declare const ${name}: ${type};`),
        'export {};',
        asStatements(code),
    ].join('\n');
}

/** Members of an object, such as `repair: 'prune'`, are options; a member given twice stands for two objects. */
function asStatements(code: string): string {
    if (!/^(?:\s*\/\/.*\n)*\w+:/.test(code)) return code;
    const members = code.split(/^(?=\w+:)/m);
    return members
        .map((member) => `({ ${member.replace(/,?\s*(\/\/.*)?\s*$/, ' $1\n')} }) satisfies DatasetGuardOptions;`)
        .join('\n');
}

const KNOWN = {
    guard: `import('apify-dataset-guard').DatasetGuard`,
    platform: `Awaited<ReturnType<typeof import('apify-dataset-guard/testing').startPlatform>>`,
    crawler: `import('crawlee').CheerioCrawler`,
    router: `import('crawlee').RouterHandler<import('crawlee').CheerioCrawlingContext>`,
    items: 'any[]',
    item: 'any',
};

/** All interfaces that the pages show, as one module; what they use and do not show comes from the package. */
export async function documentedInterfaces(pages: Page[]): Promise<string> {
    const shown = interfaceNames(pages);
    const blocks = pages.flatMap((page) => page.blocks.filter(isDeclaration));
    return [
        `import type { ChargeResult } from 'apify';`,
        `import type { ${(await exportedTypes()).filter((name) => !shown.includes(name)).join(', ')} } from 'apify-dataset-guard';`,
        ...blocks.map(({ code }) => code.replaceAll(/^interface/gm, 'export interface')),
    ].join('\n');
}

async function exportedTypes(): Promise<string[]> {
    const index = await readFile(join(REPOSITORY, 'src/index.ts'), 'utf8');
    const lists = [...index.matchAll(/export type \{([^}]*)\}/g)].map(([, names]) => names!);
    return lists.flatMap((names) => names.split(',').map((name) => name.trim())).filter((name) => name !== '');
}

export function interfaceNames(pages: Page[]): string[] {
    const blocks = pages.flatMap((page) => page.blocks.filter(isDeclaration));
    return blocks.flatMap(({ code }) => [...code.matchAll(/^(?:export )?interface (\w+)/gm)].map(([, name]) => name!));
}

/** A module that compiles only if each documented interface is identical to the one that the package exports. */
export function interfaceChecks(names: string[]): string {
    return [
        `import type * as actual from 'apify-dataset-guard';`,
        `import type * as documented from './documented.js';`,
        `type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;`,
        `type Flat<T> = { [Key in keyof T]: T[Key] };`,
        ...names.map((name) => `export const ${name}: Same<Flat<actual.${name}>, Flat<documented.${name}>> = true;`),
    ].join('\n');
}
