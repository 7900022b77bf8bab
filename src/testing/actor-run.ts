import { spawn, type ChildProcess } from 'node:child_process';

import { failOption } from '../errors.js';
import { isObject } from '../schema/place.js';
import { checkKeys, isIntegerFrom, isText, type Checks } from './check-options.js';

/** How `platform.run()` starts an Actor. */
export interface RunOptions {
    /** Further arguments of the program. @default none */
    args?: readonly string[] | undefined;
    /** Flags for Node.js itself: `['--import', 'tsx']`. @default none */
    nodeArgs?: readonly string[] | undefined;
    /** Variables besides those of the run; `undefined` takes one out. @default none */
    env?: Readonly<Record<string, string | undefined>> | undefined;
    /** Kills the Actor after this number of milliseconds. @default 60,000 */
    timeoutMillis?: number | undefined;
}

const CHECKS: Checks<keyof RunOptions> = {
    args: { expected: 'a list of texts', isValid: isListOfTexts },
    nodeArgs: { expected: "a list of texts, such as ['--import', 'tsx']", isValid: isListOfTexts },
    env: {
        expected: 'variables with text as their value, or undefined',
        isValid: (value) => isObject(value) && isListOfTexts(Object.values(value).filter((text) => text !== undefined)),
    },
    timeoutMillis: { expected: 'an integer of 1 or more', isValid: isIntegerFrom(1) },
};

/** How an Actor's process ended. */
export interface ActorRun {
    /** `null` when it was killed. */
    readonly exitCode: number | null;
    /** The signal that killed it: `SIGKILL` when its time was up or the platform was closed; else `null`. */
    readonly signal: NodeJS.Signals | null;
    /** Its output on standard output and standard error, as it came. */
    readonly output: string;
}

/** The processes of Actors under way. */
export class ActorProcesses {
    readonly #children = new Set<ChildProcess>();

    /** Runs a file with Node.js. @throws InvalidOptionsError, or Error when no process can be started */
    async run(file: string, cwd: string, env: () => NodeJS.ProcessEnv, options: RunOptions): Promise<ActorRun> {
        if (!isText(file)) failOption('file', 'the path of a file of the Actor', file);
        checkKeys(options, CHECKS, 'options');
        const { args = [], nodeArgs = [], timeoutMillis = 60_000 } = options;
        const child = spawn(process.execPath, [...nodeArgs, file, ...args], {
            cwd,
            env: env(),
            stdio: ['ignore', 'pipe', 'pipe'],
            timeout: timeoutMillis,
            killSignal: 'SIGKILL',
        });
        this.#children.add(child);
        // A test that failed half way must not leave the Actor behind.
        const killWithParent = (): boolean => child.kill('SIGKILL');
        process.once('exit', killWithParent);
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8').on('data', (text: string) => {
                output += text;
            });
        }
        try {
            return await new Promise<ActorRun>((resolve, reject) => {
                child.once('error', reject);
                child.once('close', (exitCode, signal) => resolve({ exitCode, signal, output }));
            });
        } finally {
            process.off('exit', killWithParent);
            this.#children.delete(child);
        }
    }

    killAll(): void {
        for (const child of this.#children) child.kill('SIGKILL');
    }
}

function isListOfTexts(value: unknown): boolean {
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
