import { compiledProgram } from '../../support/compiled-module.js';
import { type RunningScript, type ScriptResult, startFile } from '../../support/run-script.js';
import { type Place, SCHEMA } from './places.js';

export type EntryPoint = 'bare' | 'buffered' | 'stored' | 'installed' | 'handler';

/** What a program is to do. */
export interface ProgramOptions {
    /** Which of the programs beside this file. */
    file: 'main' | 'crawler' | 'pages';
    /** Entry points that it pushes through, each to a dataset of its own; `['bare']` runs without the library. */
    via: EntryPoint[];
    /** How it ends: a key of `endings` in programs/endings.mjs. */
    end: string;
    /** How it goes on when its crawler has returned. */
    afterRun?: string;
    /** Its items' numbers begin here. */
    first?: number;
    count?: number;
    inOnePush?: boolean;
    /** What a program that pushes on calls without waiting for it. */
    meanwhile?: 'metamorph' | 'reboot';
    /** How long a program pushes on whose end is `pushes on`. */
    pushOnMillis?: number;
    /** Those of `pages.mjs` to crawl, by number. */
    pages?: number[];
    inActorMain?: boolean;
    /** No item fails the schema. */
    flawless?: boolean;
    /** Each item has a text of this number of characters besides. */
    textLength?: number;
    /** It ends without being asked: what it pushed was rejected, or it only goes on with what an earlier process has left. */
    endsUnasked?: boolean;
    /** Handlers that go on after the end that did not come push an item each, with the numbers from 1,000. */
    pushesAfterGate?: boolean;
    /** Keys of `LISTENERS` in programs/listeners.mjs. */
    listeners?: string[];
    /** An event of the SDK's after which running handlers return. */
    handlersReturnOn?: string;
    handlersReturnOnSigint?: boolean;
    initOptions?: Record<string, unknown>;
    guardOptions?: Record<string, unknown>;
    internalOptions?: Record<string, unknown>;
    nodeArgs?: string[];
    /** Further variables of its environment, made when it starts. */
    env?: () => Record<string, string>;
    /** See `ScriptOptions`. */
    isProcessGroup?: boolean;
    /** Called when the program has done its work, before it is asked to end: to make the platform slow or send a signal, say. */
    whenReady?: (script: RunningScript, place: Place) => unknown;
    /** Called when it was asked to end. */
    afterAsking?: (script: RunningScript, place: Place, options: ProgramOptions) => unknown;
    /** Once it is ready it waits more than it computes, and does not count among the processes that may run at once. */
    isIdle?: boolean;
}

/** Nothing is sent before the end unless the test says so. The server's listings do not lag. */
const GUARD_OPTIONS = { flushIntervalMillis: 60_000 };
const INTERNAL_OPTIONS = { listingLagMillis: 50, firstRetryDelayMillis: 20 };

/** The machine may have two processors: more processes at once would only take longer each. */
const MAX_PROCESSES = 2;
let free = MAX_PROCESSES;
const waiting: (() => void)[] = [];

/** Runs one process of a run to its end. */
export async function runProgram(place: Place, options: ProgramOptions): Promise<ScriptResult> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let isHeld = true;
    const release = (): void => {
        if (!isHeld) return;
        isHeld = false;
        const next = waiting.shift();
        if (next) next();
        else free += 1;
    };
    try {
        const env = { ...place.env, ...options.env?.() };
        return await runToEnd({ ...place, env }, options, options.isIdle ? release : () => {});
    } finally {
        release();
    }
}

async function runToEnd(place: Place, options: ProgramOptions, onReady: () => void): Promise<ScriptResult> {
    const { nodeArgs = [], whenReady, afterAsking } = options;
    const program = await compiledProgram(new URL(`programs/${options.file}.mjs`, import.meta.url));
    const script = startFile(program, {
        env: { ...place.env, PROGRAM: JSON.stringify(settings(options)) },
        cwd: place.cwd,
        nodeArgs,
        isProcessGroup: options.isProcessGroup,
    });
    // Who plays the platform ends the process when the run is to go on elsewhere.
    const stopListening = place.server?.onSignal((signal) => {
        if (signal !== 'aborting') script.child.kill('SIGKILL');
    });
    try {
        if (!options.endsUnasked) {
            await waitForText(script, 'ready\n');
            onReady();
            await whenReady?.(script, place);
            script.child.kill('SIGUSR2');
            await afterAsking?.(script, place, options);
        }
        return await script.finished;
    } finally {
        stopListening?.();
        script.child.kill('SIGKILL');
    }
}

function settings(options: ProgramOptions): Record<string, unknown> {
    const { whenReady, afterAsking, nodeArgs, env, guardOptions, internalOptions, ...rest } = options;
    return {
        first: 0,
        count: 20,
        afterRun: 'Actor.exit()',
        listeners: [],
        ...rest,
        schema: SCHEMA,
        guardOptions: { ...GUARD_OPTIONS, ...guardOptions },
        internalOptions: { ...INTERNAL_OPTIONS, ...internalOptions },
    };
}

/** Resolves once the text is in the process's output, stderr included; rejects when it ends without it. */
export async function waitForText(script: RunningScript, text: string): Promise<void> {
    let seen = '';
    await new Promise<void>((resolve, reject) => {
        const onData = (data: string): void => {
            seen += data;
            if (seen.includes(text)) resolve();
        };
        seen = script.output();
        script.child.stdout!.on('data', onData);
        script.child.stderr!.on('data', onData);
        onData('');
        script.finished.then(
            ({ exitCode, signal, stdout, stderr }) =>
                reject(new Error(`Ended (${signal ?? exitCode}) without "${text}" in its output.\n${stdout}${stderr}`)),
            reject,
        );
    });
}
