import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ScriptOptions } from '../support/run-script.js';
import { compiledModule } from '../support/compiled-module.js';
import { startScript } from '../support/run-script.js';

const MODULE_URL = await compiledModule('run-end/process-end.ts');
/** How a program that waits for a signal says that it is ready. */
const READY = 'ready\n';

interface Program {
    /** Runs after the SDK is loaded and the listener is registered. */
    source: string;
    nodeArgs?: string[];
    signals?: NodeJS.Signals[];
    /** Registers listeners that each add a line to the file in `CALLS`. Empty: the program without the library. */
    register?: string;
}

interface Ending {
    exitCode: number | null;
    signal: NodeJS.Signals | null;
    stdout: string;
    stderr: string;
    /** What the listeners wrote: name and time left. */
    calls: string[];
}

const REGISTER = `onProcessEnd(call('first'))`;

async function run({ source, nodeArgs = [], signals = [], register = REGISTER }: Program): Promise<Ending> {
    const calls = join(tmpdir(), `calls-${randomUUID()}`);
    const options: ScriptOptions = { nodeArgs, env: { CALLS: calls }, timeoutMillis: 20_000 };
    const script = await startScript(
        [
            // What the SDK loads of what listens to signals, without the two seconds that the rest of it takes.
            `import 'proper-lockfile';`,
            `import { appendFileSync, writeSync } from 'node:fs';`,
            `import { onProcessEnd } from '${MODULE_URL}';`,
            `const call = (name) => (millis) => appendFileSync(process.env.CALLS, name + ' ' + millis + '\\n');`,
            // In one line, so that the program's own lines have the same numbers in both.
            `${register.replaceAll(/\s+/g, ' ')};`,
            source,
        ].join('\n'),
        options,
    );
    for (const signal of signals) {
        await script.waitForOutput(READY);
        script.child.kill(signal);
    }
    const { exitCode, signal, stdout, stderr } = await script.finished;
    const text = await readFile(calls, 'utf8').catch(() => '');
    await rm(calls, { force: true });
    // Each script has a file of its own.
    const plain = (output: string) =>
        output.replaceAll(/[0-9a-f-]{36}\.mjs/g, 'script.mjs').replaceAll(/\(node:\d+\)/g, '(node:1)');
    return { exitCode, signal, stdout: plain(stdout), stderr: plain(stderr), calls: text.split('\n').slice(0, -1) };
}

const namesOf = ({ calls }: Ending) => calls.map((line) => line.split(' ')[0]);

/** Runs the program with the library and without it; both must end alike. */
async function endsAsWithout(program: Program): Promise<Ending> {
    const [ending, bare] = await Promise.all([run(program), run({ ...program, register: '' })]);
    expect({ ...ending, calls: [] }).toEqual(bare);
    return ending;
}

const WAIT = `const waiting = setInterval(() => {}, 1_000); process.stdout.write('${READY.trim()}\\n');`;

describe('the end of a process', { concurrent: true }, () => {
    it.each<[string, Program & { exitCode: number }]>([
        ['the natural end', { source: `console.log('done')`, exitCode: 0 }],
        ['a natural end with an exit code', { source: `process.exitCode = 4`, exitCode: 4 }],
        ['process.exit()', { source: `setTimeout(() => process.exit(3), 5)`, exitCode: 3 }],
        ['process.exit() in an exit listener', { source: `process.on('exit', () => process.exit(8))`, exitCode: 8 }],
        ['an uncaught error', { source: `setTimeout(() => { throw new Error('boom'); }, 5)`, exitCode: 1 }],
        ['an error at the top level', { source: `throw new Error('boom')`, exitCode: 1 }],
        // Node's own 13; its version 20 makes a 0 of it where signal-exit is loaded.
        [
            'a top-level await that never settles',
            { source: `await new Promise(() => {})`, exitCode: expect.any(Number) },
        ],
        ['an unhandled rejection', { source: `Promise.reject(new Error('boom')); ${WAIT}`, exitCode: 1 }],
        ['a rejection without an error', { source: `Promise.reject('boom'); ${WAIT}`, exitCode: 1 }],
        ...['strict', 'throw'].map((mode): [string, Program & { exitCode: number }] => [
            `an unhandled rejection with --unhandled-rejections=${mode}`,
            { source: `Promise.reject(new Error('boom'))`, nodeArgs: [`--unhandled-rejections=${mode}`], exitCode: 1 },
        ]),
        ...['warn', 'none'].map((mode): [string, Program & { exitCode: number }] => [
            `an unhandled rejection with --unhandled-rejections=${mode}`,
            { source: `Promise.reject(new Error('boom'))`, nodeArgs: [`--unhandled-rejections=${mode}`], exitCode: 0 },
        ]),
        [
            'an uncaughtException listener that exits after asynchronous work',
            {
                source: `process.on('uncaughtException', (error) => {
                    console.error('reported', error.message);
                    setTimeout(() => process.exit(5), 20);
                });
                setTimeout(() => { throw new Error('boom'); }, 5);`,
                exitCode: 5,
            },
        ],
        [
            'an unhandledRejection listener that lets the program go on',
            {
                source: `process.on('unhandledRejection', () => console.log('noted'));
                Promise.reject(new Error('boom'));
                setTimeout(() => console.log('went on'), 20);`,
                exitCode: 0,
            },
        ],
    ])('calls the listener once at %s, with the output and exit code of the bare program', async (_, program) => {
        const ending = await endsAsWithout(program);
        expect(ending.exitCode).toEqual(program.exitCode);
        expect(namesOf(ending)).toEqual(['first']);
        const millis = Number(ending.calls[0]!.split(' ')[1]);
        expect(millis).toBeGreaterThan(5_000);
        expect(millis).toBeLessThanOrEqual(10_000);
    });

    it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP'])(
        'calls the listener once with at most 5 s and dies of the signal at %s',
        async (signal) => {
            const ending = await endsAsWithout({ source: WAIT, signals: [signal] });
            expect(ending.signal).toBe(signal);
            expect(namesOf(ending)).toEqual(['first']);
            const millis = Number(ending.calls[0]!.split(' ')[1]);
            expect(millis).toBeGreaterThan(1_000);
            expect(millis).toBeLessThanOrEqual(5_000);
        },
    );

    it('runs no other code of the program between the listener and the death by the signal', async () => {
        const ending = await run({
            register: `onProcessEnd(() => { process.nextTick(log); setImmediate(log); queueMicrotask(log); });
                const log = () => writeSync(1, 'went on')`,
            source: WAIT,
            signals: ['SIGTERM'],
        });
        expect(ending).toMatchObject({ signal: 'SIGTERM', stdout: READY });
    });

    it.each([
        ['version 3', `'proper-lockfile'`],
        ['versions 3 and 4', `'signal-exit'`],
        ['two copies of version 3', `'restore-cursor'`],
    ])('lets signal-exit clean up at a signal when %s of it are loaded', async (_, name) => {
        const source = `await import(${name});
            const { createRequire } = await import('node:module');
            const require = createRequire(createRequire(createRequire(import.meta.url).resolve('proper-lockfile')).resolve('signal-exit'));
            require('./index.js')(() => writeSync(1, 'cleaned up 3'));
            const { onExit } = await import('signal-exit');
            if (${name} === 'signal-exit') onExit(() => writeSync(1, 'cleaned up 4'));
            ${WAIT}`;
        const ending = await endsAsWithout({ source, signals: ['SIGTERM'] });
        expect(ending.signal).toBe('SIGTERM');
        expect(ending.stdout).toContain('cleaned up 3');
        expect(namesOf(ending)).toEqual(['first']);
    });

    it.each<[string, string, Partial<Ending>]>([
        ['exits', `process.on('SIGTERM', () => setTimeout(() => process.exit(7), 20));`, { exitCode: 7 }],
        [
            'ends the program by and by',
            `process.once('SIGTERM', () => setTimeout(() => { clearInterval(waiting); console.log('bye'); }, 20));`,
            { exitCode: 0 },
        ],
    ])('leaves a signal to a listener of the user that %s, and serves the exit', async (_, listener, expected) => {
        const ending = await endsAsWithout({ source: `${WAIT} ${listener}`, signals: ['SIGTERM'] });
        expect(ending).toMatchObject(expected);
        expect(namesOf(ending)).toEqual(['first']);
        expect(Number(ending.calls[0]!.split(' ')[1])).toBeGreaterThan(5_000);
    });

    it('serves a second Ctrl+C when a listener of the user took the first and is gone', async () => {
        const source = `process.once('SIGINT', () => console.log('pausing'));
            process.on('newListener', () => {});
            ${WAIT}
            setTimeout(() => process.kill(process.pid, 'SIGINT'), 50);
            setTimeout(() => process.kill(process.pid, 'SIGINT'), 150);`;
        const ending = await endsAsWithout({ source });
        expect(ending).toMatchObject({ signal: 'SIGINT', stdout: `${READY}pausing\n` });
        expect(namesOf(ending)).toEqual(['first']);
    });

    it('dies of a signal whose listeners the program has removed', async () => {
        const ending = await endsAsWithout({
            source: `${WAIT} process.removeAllListeners('SIGTERM'); process.kill(process.pid, 'SIGTERM');`,
        });
        expect(ending.signal).toBe('SIGTERM');
    });

    it('serves a signal when the program removed all listeners before the registration', async () => {
        const ending = await run({
            register: `process.removeAllListeners('SIGTERM'); ${REGISTER}`,
            source: WAIT,
            signals: ['SIGTERM'],
        });
        expect(ending.signal).toBe('SIGTERM');
        expect(namesOf(ending)).toEqual(['first']);
    });

    it('calls all listeners in order of registration, also when one throws, and leaves time for those that come after', async () => {
        const ending = await endsAsWithout({
            register: `const busy = (millis) => { const end = performance.now() + millis; while (performance.now() < end); };
                onProcessEnd((millis) => { call('first')(millis); busy(300); throw new Error('unseen'); });
                onProcessEnd(call('second'));
                onProcessEnd(call('third'))();
                onProcessEnd(call('fourth'))`,
            source: `throw new Error('boom')`,
        });
        expect(namesOf(ending)).toEqual(['first', 'second', 'fourth']);
        const [first, second, fourth] = ending.calls.map((line) => Number(line.split(' ')[1])) as [
            number,
            number,
            number,
        ];
        expect(first).toBeGreaterThan(6_000);
        expect(first).toBeLessThanOrEqual(10_000 - 2 * 1_000);
        expect(second).toBeLessThanOrEqual(first - 299 + 1_000);
        expect(fourth).toBeGreaterThan(second);
    });

    it('has no listener on the process once the last registration is removed', async () => {
        const counts = `() => ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP'].map((event) => process.listenerCount(event))`;
        const { stdout } = await run({
            register: '',
            source: `const counts = ${counts};
                const before = counts();
                const removals = [onProcessEnd(() => {}), onProcessEnd(() => {})];
                const open = counts().map((count, index) => count - before[index]);
                removals[0]();
                removals[0]();
                const half = counts().map((count, index) => count - before[index]);
                removals[1]();
                console.log(JSON.stringify([open, half, counts().map((count, index) => count - before[index])]));`,
        });
        expect(JSON.parse(stdout)).toEqual([
            [1, 1, 1, 1],
            [1, 1, 1, 1],
            [0, 0, 0, 0],
        ]);
    });

    it('serves a signal for two copies of the library that are loaded in one process', async () => {
        const ending = await run({
            register: `${REGISTER}; (await import('${MODULE_URL}?copy')).onProcessEnd(call('second'))`,
            source: WAIT,
            signals: ['SIGINT'],
        });
        expect(ending.signal).toBe('SIGINT');
        expect(namesOf(ending)).toEqual(['first', 'second']);
    });

    it('gives a listener its time when the program has faked the clocks', async () => {
        const ending = await run({ source: `performance.now = () => NaN; Date.now = () => 0;` });
        expect(Number(ending.calls[0]!.split(' ')[1])).toBeGreaterThan(5_000);
    });

    it('serves the end of a worker thread, and leaves signals to the main thread', async () => {
        const worker = `
            import { appendFileSync } from 'node:fs';
            import { onProcessEnd } from '${MODULE_URL}';
            onProcessEnd((millis) => appendFileSync(process.env.CALLS, 'worker ' + millis + ' ' + process.listenerCount('SIGINT') + '\\n'));`;
        const ending = await run({
            register: '',
            source: `import { Worker } from 'node:worker_threads';
                new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)})));`,
        });
        expect(ending).toMatchObject({ exitCode: 0, calls: [expect.stringMatching(/^worker \d+(\.\d+)? 0$/)] });
    });

    it.runIf(canBePid1())(
        'exits with 128 and the signal as PID 1, where the kernel ignores a raised signal',
        async () => {
            const source = `if (process.pid === 1) {
                ${WAIT}
                process.on('exit', (code) => writeSync(1, 'code ' + code));
                process.kill(1, 'SIGTERM');
            } else {
                const { spawnSync } = await import('node:child_process');
                const args = ['-Urpf', process.execPath, process.argv[1]];
                const { status } = spawnSync('unshare', args, { stdio: 'inherit' });
                process.exitCode = status;
            }`;
            const ending = await run({ register: `if (process.pid === 1) ${REGISTER}`, source });
            expect(ending).toMatchObject({ exitCode: 143, stdout: `${READY}code 143` });
            expect(namesOf(ending)).toEqual(['first']);
        },
    );
});

/** Needs a kernel that lets users make namespaces. */
function canBePid1(): boolean {
    try {
        return execFileSync('unshare', ['-Urpf', 'sh', '-c', 'echo $$'], { encoding: 'utf8' }).trim() === '1';
    } catch {
        return false;
    }
}
