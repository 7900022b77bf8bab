import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { childEnv } from './platform-env.js';
import { SCRIPTS } from './script-packages.js';

const ROOT = new URL('../../', import.meta.url);

export interface ScriptOptions {
    /** The run's variables, as `platformEnv` makes them. Nothing else of a run is inherited. */
    env?: Record<string, string>;
    args?: string[];
    /** Flags for Node.js itself. */
    nodeArgs?: string[];
    cwd?: string;
    /** In a process group of its own, as a terminal starts a program: a signal can be sent to the group. */
    isProcessGroup?: boolean;
    /** Kills the script after so long: 60,000. */
    timeoutMillis?: number;
}

export interface ScriptResult {
    exitCode: number | null;
    signal: NodeJS.Signals | null;
    stdout: string;
    stderr: string;
}

/** A script under way. */
export interface RunningScript {
    readonly child: ChildProcess;
    /** Resolves when it has ended, however it did. */
    readonly finished: Promise<ScriptResult>;
    /** Its output on stdout so far. */
    output(): string;
    /** Resolves to the first match in stdout; rejects when the script ends without one. */
    waitForOutput(pattern: string | RegExp): Promise<RegExpMatchArray>;
    /** `SIGKILL` unless given. */
    kill(signal?: NodeJS.Signals): Promise<ScriptResult>;
}

/**
 * Starts `source`, the text of an ES module, as a Node.js process of its own. It imports the built library as `apify-dataset-guard`,
 * and the SDK and Crawlee's crawlers as users do.
 */
export async function startScript(source: string, options: ScriptOptions = {}): Promise<RunningScript> {
    await mkdir(SCRIPTS, { recursive: true });
    const file = join(SCRIPTS, `${randomUUID()}.mjs`);
    await writeFile(file, source);
    return start(file, options, async () => rm(file, { force: true }));
}

/** Starts a file as a Node.js process of its own. */
export function startFile(file: string | URL, options: ScriptOptions = {}): RunningScript {
    return start(typeof file === 'string' ? file : fileURLToPath(file), options, async () => {});
}

/** Runs `source`, the text of an ES module, to its end. */
export async function runScript(source: string, options: ScriptOptions = {}): Promise<ScriptResult> {
    const script = await startScript(source, options);
    return script.finished;
}

function start(path: string, options: ScriptOptions, cleanUp: () => Promise<void>): RunningScript {
    const {
        env = {},
        args = [],
        nodeArgs = [],
        cwd = fileURLToPath(ROOT),
        isProcessGroup = false,
        timeoutMillis = 60_000,
    } = options;
    const child = spawn(process.execPath, [...nodeArgs, path, ...args], {
        cwd,
        env: childEnv(env),
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: isProcessGroup,
        timeout: timeoutMillis,
        killSignal: 'SIGKILL',
    });
    // A test that failed half way must not leave its script behind.
    const killWithParent = (): boolean => child.kill('SIGKILL');
    process.once('exit', killWithParent);
    let stdout = '';
    let stderr = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
    });
    const finished = new Promise<ScriptResult>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    }).finally(async () => {
        process.off('exit', killWithParent);
        await cleanUp();
    });
    return {
        child,
        finished,
        output: () => stdout,
        waitForOutput: async (pattern) => {
            const wanted =
                typeof pattern === 'string' ? new RegExp(pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : pattern;
            return waitForMatch(child, finished, () => stdout.match(wanted), String(pattern));
        },
        kill: async (signal = 'SIGKILL') => {
            child.kill(signal);
            return finished;
        },
    };
}

async function waitForMatch(
    child: ChildProcess,
    finished: Promise<ScriptResult>,
    match: () => RegExpMatchArray | null,
    wanted: string,
): Promise<RegExpMatchArray> {
    return new Promise((resolve, reject) => {
        const check = (): void => {
            const found = match();
            if (!found) return;
            child.stdout!.off('data', check);
            resolve(found);
        };
        child.stdout!.on('data', check);
        check();
        finished.then(
            ({ exitCode, signal, stderr }) =>
                reject(new Error(`Ended (${signal ?? exitCode}) without "${wanted}" in its output.\n${stderr}`)),
            reject,
        );
    });
}
