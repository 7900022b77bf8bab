import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { FinishedRun } from '../../actor/support/actor-run.js';
import { REPOSITORY } from '../../actor/support/actor-run.js';
import { startApiServer } from '../../support/api-server.js';
import { platformEnv } from '../../support/platform-env.js';
import type { CodeBlock, Page } from './pages.js';
import type { ReaderFolder } from './reader-folder.js';
import { snippetName } from './sources.js';
import { commandsOf, promisedOutput, toLinePattern, toPattern, treePaths } from './transcript.js';

/** A block of code that is a program of its own, which nothing else on the page starts. */
function programOf({ blocks }: Page, block: CodeBlock): string | undefined {
    const { title, code } = block;
    if (!/await Actor\.init\(|await inferSchema\(/.test(code) || block.language === 'diff') return undefined;
    const name = title ?? snippetName(blocks.indexOf(block));
    if (!/\.[cm]?[jt]s$/.test(name) || name.includes('.test.')) return undefined;
    const isStarted = blocks.some((other) => /console|sh/.test(other.language) && other.code.includes(` ${name}`));
    return isStarted ? undefined : name;
}

/** Runs the lines of a block, all of them in one run's environment where they are about the platform. */
async function withShell<T>(
    { folder, page }: Reader,
    block: CodeBlock,
    work: (shell: Shell) => Promise<T>,
): Promise<T> {
    if (block.run !== 'platform') return work(async (line) => folder.shell(page, line));
    const schema = JSON.parse(await readFile(join(folder.of(page), '.actor/dataset_schema.json'), 'utf8'));
    const server = await startApiServer({ actorName: 'movies', dataset: { schema } });
    try {
        return await work(async (line) => folder.shell(page, line, platformEnv(server)));
    } finally {
        await server.close();
    }
}

/** A page, and the folder of who reads it. */
export interface Reader {
    folder: ReaderFolder;
    page: Page;
    /** The output of the program or command before. */
    output?: string;
}

type Shell = (line: string) => Promise<FinishedRun>;

type Check = (reader: Reader, block: CodeBlock) => Promise<void> | void;

const transcript: Check = async (reader, block) =>
    withShell(reader, block, async (shell) => {
        for (const { line, output } of commandsOf(block.code)) {
            const finished = await shell(line);
            reader.output = finished.output;
            expect(`${finished.output.trimEnd()}\n`, `${block.place}: ${line}`).toMatch(toPattern(output));
        }
    });

const script: Check = async (reader, block) =>
    withShell(reader, block, async (shell) => {
        // `<id>` stands for something of the reader's.
        const { exitCode, output } = await shell(`set -e\n${block.code.replaceAll(/<(\w+)>/g, '$1')}`);
        expect(exitCode, `${block.place}: ${output}`).toBe(0);
    });

/** Declarations, snippets and modules are compiled with all others before; a program is run. */
const program: Check = async (reader, block) => {
    const name = programOf(reader.page, block);
    if (name === undefined) return;
    await withShell(reader, block, async (shell) => {
        const { exitCode, output } = await shell(`npx tsx ${name}`);
        reader.output = output;
        expect(exitCode, `${block.place}: ${output}`).toBe(0);
        for (const line of promisedOutput(block.code)) expect(output.split('\n'), block.place).toContain(line);
    });
};

const json: Check = (_reader, { code, place }) => {
    expect(() => JSON.parse(code), place).not.toThrow();
};

const jsonLines: Check = (reader, block) => {
    for (const line of block.code.trim().split('\n')) json(reader, { ...block, code: line });
};

const diagram: Check = (_reader, { code, place }) => {
    for (const line of code.trim().split('\n')) expect(line, place).toMatch(MERMAID_LINE);
    for (const [path] of code.matchAll(/[\w-]+(?:\/[\w-]+)*\.ts\b/g)) expect(exists(`src/${path}`), path).toBe(true);
};

/** A tree of folders, or lines of what was printed before. */
const text: Check = ({ output = '' }, { code, place }) => {
    if (!/^\S+\/\n/.test(code)) {
        for (const line of code.trim().split('\n')) expect(output, place).toMatch(toLinePattern(line));
        return;
    }
    for (const path of treePaths(code)) expect(exists(path), path).toBe(true);
};

const exists = (path: string) => existsSync(join(REPOSITORY, path));

/** The check for each kind of block; one in another language would be neither run, compiled nor compared. */
const CHECKS: Record<string, Check> = {
    console: transcript,
    sh: script,
    ts: program,
    js: program,
    diff: program,
    json,
    jsonl: jsonLines,
    mermaid: diagram,
    text,
};

/** The flowcharts and sequences of the pages, so far as they are written here. */
const MERMAID_LINE =
    /^\s*(?:flowchart (?:TD|LR)|sequenceDiagram|participant .+|subgraph \w+\["[^"]+"\]|end|alt .+|else .+|loop .+|Note over .+|\w+(?:->>|-->>)\w+: .+|\w+(?:\["[^"]+"\]|\{"[^"]+"\}|\(\["[^"]+"\]\))?(?: (?:-->|-\.->)(?:\|"[^"]+"\|)? \w+(?:\["[^"]+"\]|\{"[^"]+"\}|\(\["[^"]+"\]\))?)*)$/;

/** Runs a block, compiles it, or compares what it says with what is there. */
export async function checkBlock(reader: Reader, block: CodeBlock): Promise<void> {
    const check = CHECKS[block.language];
    if (check === undefined) {
        throw new Error(`${block.place}: a block in "${block.language}" is neither run, compiled nor compared`);
    }
    await reader.folder.meet(reader.page, block);
    await check(reader, block);
}
