// Measures how well the tests notice defects: changes one expression of the source at a time and runs the tests that are
// closest to it, then, where those pass, those further away. Prints the changes that no test noticed, and the share that
// one did. The same seed picks the same changes of the same source. It works in a copy; the repository is not touched.
//
//     node scripts/mutate.mjs [--count 150] [--seed 1] [--rooms pipeline,delivery] [--workers 2] [--near] [--list]
//
//     --files   only files whose path contains this       --near   run only the closest tests
//     --tests   run only tests whose path contains this, instead of those of the room
//     --skip    leave out the first changes of the sample  --list   print the sample and run nothing

import { spawn } from 'node:child_process';
import {
    cpSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// Comes with vitest.
import { parseSync } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Tests of a room, as vitest filters them: the closest first. The others need a build of the package. */
const TESTS = {
    'pipeline': {
        near: ['test/pipeline', 'test/dataset-guard.'],
        far: ['test/delivery', 'test/lifecycle', 'test/crawlee'],
    },
    'delivery': { near: ['test/delivery'], far: ['test/pipeline', 'test/dataset-guard.', 'test/lifecycle'] },
    'quarantine': {
        near: ['test/quarantine', 'test/dataset-guard.quarantine', 'test/pipeline/two-that-wait'],
        far: ['test/dataset-guard.', 'test/pipeline', 'test/lifecycle'],
    },
    'run-end': { near: ['test/run-end'], far: ['test/lifecycle'] },
    'crawlee': { near: ['test/crawlee'], far: ['test/run-end'] },
    'schema': { near: ['test/schema'], far: ['test/dataset-guard.'] },
    'quality': { near: ['test/quality', 'test/report'], far: ['test/dataset-guard.'] },
};
const NOT_COPIED = new Set(['node_modules', '.git', 'dist', 'storage', 'coverage']);
/** A run of the tests that takes this many times longer than without a change hangs. */
const HANGING_FACTOR = 3;

const SWAPPED = {
    '<': '<=',
    '<=': '<',
    '>': '>=',
    '>=': '>',
    '===': '!==',
    '!==': '===',
    '+': '-',
    '-': '+',
    '*': '/',
    '/': '*',
    '&&': '||',
    '||': '&&',
    '+=': '-=',
    '-=': '+=',
};
/** Looks at the expression of a type assertion, not at the type. */
const WITH_EXPRESSION = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']);

const { values: options } = parseArgs({
    options: {
        count: { type: 'string', default: '150' },
        seed: { type: 'string', default: '1' },
        skip: { type: 'string', default: '0' },
        rooms: { type: 'string', default: 'pipeline,delivery,quarantine,run-end' },
        files: { type: 'string', default: '' },
        tests: { type: 'string' },
        workers: { type: 'string', default: '2' },
        near: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
    },
});
const rooms = options.rooms.split(',');
for (const room of rooms)
    if (!(room in TESTS)) throw new Error(`--rooms takes ${Object.keys(TESTS)}, but got: ${room}`);

const all = rooms.flatMap((room) => filesOf(room).flatMap((file) => mutationsOf(file, room)));
const sample = pickRandomly(all, Number(options.count), Number(options.seed)).slice(Number(options.skip));
if (options.list) for (const mutation of sample) console.log(describe(mutation));
else process.exitCode = await runSample();

async function runSample() {
    const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
    const survivors = [];
    try {
        cpSync(ROOT, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
        linkPackages(copy);
        const stages = await measureStages(copy);
        for (const [index, mutation] of sample.entries()) {
            const killedBy = await killedByStage(copy, mutation, stages.get(mutation.room));
            if (killedBy === undefined) survivors.push(mutation);
            console.log(`${index + 1}/${sample.length} ${killedBy ?? 'SURVIVED'}: ${describe(mutation)}`);
        }
    } finally {
        rmSync(copy, { recursive: true, force: true });
    }
    const killed = sample.length - survivors.length;
    console.log(`\nKilled ${killed} of ${sample.length} (${((100 * killed) / sample.length).toFixed(0)} %).`);
    if (survivors.length > 0) console.log(`Survivors:\n${survivors.map(describe).join('\n')}`);
    return 0;
}

/** A folder of links, so that what tests keep there is the copy's own. */
function linkPackages(copy) {
    const packages = join(ROOT, 'node_modules');
    mkdirSync(join(copy, 'node_modules'));
    for (const name of readdirSync(packages)) {
        if (name !== '.cache') symlinkSync(join(packages, name), join(copy, 'node_modules', name));
    }
}

/** The stages of each room, and how long their tests take without a change. They have to pass. */
async function measureStages(copy) {
    const stages = new Map();
    await build(copy);
    for (const room of new Set(sample.map((mutation) => mutation.room))) {
        const names = options.near || options.tests !== undefined ? ['near'] : ['near', 'far'];
        const measured = [];
        for (const name of names) {
            const startedAt = performance.now();
            const { outcome, output } = await runTests(copy, testsOf(room, name), Infinity);
            if (outcome !== 'passed') throw new Error(`The ${name} tests of ${room} fail without a change:\n${output}`);
            const millis = performance.now() - startedAt;
            console.log(`${room}: the ${name} tests take ${(millis / 1_000).toFixed(0)} s without a change`);
            measured.push({ name, millis });
        }
        stages.set(room, measured);
    }
    return stages;
}

function testsOf(room, stage) {
    return options.tests?.split(',') ?? TESTS[room][stage];
}

async function killedByStage(copy, mutation, stages) {
    const path = join(copy, mutation.file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, original.slice(0, mutation.start) + mutation.replacement + original.slice(mutation.end));
    try {
        for (const { name, millis } of stages) {
            if (name === 'far' || mutation.room === 'run-end') await build(copy);
            const { outcome } = await runTests(copy, testsOf(mutation.room, name), millis * HANGING_FACTOR + 60_000);
            if (outcome !== 'passed') return `${outcome} (${name})`;
        }
        return undefined;
    } finally {
        writeFileSync(path, original);
    }
}

/** Type errors do not matter: most changes make none, and the build takes no notice of them. */
async function build(copy) {
    const { code, output } = await run(copy, [process.execPath, 'scripts/build.mjs', '--no-types'], Infinity);
    if (code !== 0) throw new Error(`The copy cannot be built:\n${output}`);
}

async function runTests(copy, filters, maxMillis) {
    const vitest = join(copy, 'node_modules/vitest/vitest.mjs');
    const args = [vitest, 'run', ...filters, '--bail', '1', '--maxWorkers', options.workers];
    const { code, output } = await run(copy, [process.execPath, ...args], maxMillis);
    if (code === undefined) return { outcome: 'hangs', output };
    return { outcome: code === 0 ? 'passed' : 'failed', output };
}

/** Resolves to the exit code, which is undefined where the program had to be stopped, and to what it has written. */
async function run(copy, [command, ...args], maxMillis) {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: copy, stdio, detached: true });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
    let timer;
    if (maxMillis !== Infinity) timer = setTimeout(() => process.kill(-Number(child.pid), 'SIGKILL'), maxMillis);
    const code = await new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (exitCode) => resolve(exitCode ?? undefined));
    });
    clearTimeout(timer);
    return { code, output: Buffer.concat(chunks).toString() };
}

function filesOf(room) {
    const folder = join(ROOT, 'src', room);
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.ts'));
    return files
        .map((name) => relative(ROOT, join(folder, name)))
        .filter((file) => file.includes(options.files))
        .sort();
}

/** Every change that the file could suffer. */
function mutationsOf(file, room) {
    const source = readFileSync(join(ROOT, file), 'utf8');
    const { program } = parseSync(file, source);
    const mutations = [];
    const add = (start, end, replacement) => mutations.push({ file, room, source, start, end, replacement });
    walk(program, (node) => {
        const text = source.slice(node.start, node.end);
        const isCondition = ['IfStatement', 'ConditionalExpression', 'WhileStatement', 'ForStatement'].includes(
            node.type,
        );
        if (isCondition && node.test) {
            const { start, end } = node.test;
            add(start, end, `!(${source.slice(start, end)})`);
        }
        if (node.left && node.right && node.operator) {
            const swapped = SWAPPED[node.operator];
            const gap = source.slice(node.left.end, node.right.start);
            const start = node.left.end + gap.indexOf(node.operator);
            if (swapped !== undefined) add(start, start + node.operator.length, swapped);
        }
        if (node.type === 'UpdateExpression') {
            add(node.start, node.end, text.replace(node.operator, node.operator === '++' ? '--' : '++'));
        }
        if (node.type === 'ExpressionStatement' && !/^(super|'use )/.test(text)) add(node.start, node.end, ';');
        if (node.type === 'Literal' && typeof node.value === 'number') add(node.start, node.end, `(${text} + 1)`);
        if (node.type === 'Literal' && typeof node.value === 'boolean') add(node.start, node.end, String(!node.value));
        // A boolean is turned round as a literal, and undefined stays what it is.
        const isPlain = typeof node.argument?.value === 'boolean' || node.argument?.name === 'undefined';
        if (node.type === 'ReturnStatement' && node.argument && !isPlain)
            add(node.argument.start, node.argument.end, '(undefined as never)');
        if (node.type === 'ReturnStatement' && !node.argument) add(node.start, node.end, ';');
    });
    return mutations;
}

function walk(node, visit) {
    if (Array.isArray(node)) for (const each of node) walk(each, visit);
    if (typeof node?.type !== 'string') return;
    if (WITH_EXPRESSION.has(node.type)) walk(node.expression, visit);
    if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return;
    visit(node);
    for (const [key, child] of Object.entries(node))
        if (key !== 'type' && typeof child === 'object') walk(child, visit);
}

/** Draws without putting back, by a generator with a seed (mulberry32). */
function pickRandomly(items, count, seed) {
    let state = seed;
    const random = () => {
        state = (state + 0x6d_2b_79_f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const left = [...items];
    return Array.from(
        { length: Math.min(count, left.length) },
        () => left.splice(Math.floor(random() * left.length), 1)[0],
    );
}

function describe({ file, source, start, end, replacement }) {
    const line = source.slice(0, start).split('\n').length;
    const oneLine = (text) => text.replace(/\s+/g, ' ').slice(0, 100);
    return `${file}:${line} ${oneLine(source.slice(start, end))} → ${oneLine(replacement)}`;
}
