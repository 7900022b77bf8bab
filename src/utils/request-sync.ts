import { spawnSync } from 'node:child_process';

import { CHILD_SOURCE } from './request-sync-child.js';

export interface SyncRequest {
    method: 'GET' | 'POST' | 'PUT' | 'DELETE';
    url: string;
    headers: Record<string, string>;
    body?: Buffer;
    /** It is not made where one before it has not succeeded. */
    needsOthers?: boolean;
    /** It takes no longer than this, all attempts together. */
    maxMillis?: number;
}

export interface SyncResponse {
    status: number;
    headers: Record<string, string>;
    body: string;
}

/** The output of the child, each as one line of JSON: first that it has started, then each response. */
type ChildMessage = { started: true } | { index: number; response: SyncResponse };

/** Share of the time for requests that are made before others. If nothing answers them, the others still have the rest. */
const FIRST_SHARE = 0.3;

/** Variables that make a child of Node.js load modules, be debugged or measured as its parent is, or that hold the token. */
const PARENT_ONLY = /^(NODE_OPTIONS|NODE_V8_COVERAGE|VSCODE_INSPECTOR_OPTIONS|APIFY_.*|ACTOR_.*)$/;

/**
 * Makes HTTP requests without the event loop, one after another, in a child process. Returns a response for each request,
 * `undefined` where none came: a network error, or the time was up. It may have arrived at the server then. What may be made
 * twice, all but POST, is tried again while time is left.
 *
 * Requests and token go to the child's standard input, because other users of the machine can read a command line.
 * @throws Error when no child can be started
 */
export function requestSync(requests: readonly SyncRequest[], maxMillis: number): (SyncResponse | undefined)[] {
    const responses = new Array<SyncResponse | undefined>(requests.length).fill(undefined);
    if (requests.length === 0 || maxMillis < 1) return responses;
    for (const message of runChild(toInput(requests, maxMillis), maxMillis)) {
        if ('response' in message) responses[message.index] = message.response;
    }
    return responses;
}

/**
 * Requests that the child of the next call makes before its own: starting a child takes longer than most requests, and the time is
 * short as a process ends.
 */
export class FirstRequests {
    #requests: readonly SyncRequest[];
    readonly #onDone: () => void;

    /** `onDone` is called when all of them have succeeded. */
    constructor(requests: readonly SyncRequest[], onDone: () => void) {
        this.#requests = requests;
        this.#onDone = onDone;
    }

    /** Whether they are still to be made. */
    get isPending(): boolean {
        return this.#requests.length > 0;
    }

    /** Makes them, where no server has answered before, and then `requests`, whose responses it returns. @throws as `requestSync` */
    makeBefore(requests: readonly SyncRequest[], maxMillis: number): (SyncResponse | undefined)[] {
        const each = (maxMillis * FIRST_SHARE) / this.#requests.length;
        const first = this.#requests.map((request) => ({ ...request, maxMillis: each }));
        const responses = requestSync([...first, ...requests], maxMillis);
        // Without any response the child may have come to nothing in its time.
        if (responses.some((response) => response !== undefined)) this.#requests = [];
        const haveSucceeded = responses.slice(0, first.length).every((response) => (response?.status ?? 500) < 300);
        if (first.length > 0 && haveSucceeded) this.#onDone();
        return responses.slice(first.length);
    }
}

/** One line of JSON, then the bodies, end to end. */
function toInput(requests: readonly SyncRequest[], maxMillis: number): Buffer {
    const bodies = requests.map(({ body }) => body ?? Buffer.alloc(0));
    const head = {
        maxMillis,
        requests: requests.map(({ body, ...request }) => ({ ...request, length: body?.length })),
    };
    return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...bodies]);
}

function runChild(input: Buffer, maxMillis: number): ChildMessage[] {
    const { stdout, status, signal, error } = startChild(input, maxMillis);
    const messages = toMessages(stdout ?? '');
    // A child that was killed, because the time was up or by Ctrl+C, has told what it had done.
    const wasKilled = signal !== null || (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
    if (messages.length === 0 && !wasKilled) {
        throw cannotStart(status === null ? error : new Error(`it ended with exit code ${status} before it began`));
    }
    return messages;
}

function startChild(input: Buffer, maxMillis: number) {
    if (!canStartChild()) throw cannotStart(new Error(`${process.execPath || 'process.execPath'} is not Node.js`));
    try {
        return spawnSync(process.execPath, ['-e', CHILD_SOURCE], {
            input,
            env: childEnv(),
            stdio: ['pipe', 'pipe', 'ignore'],
            encoding: 'utf8',
            timeout: Math.ceil(maxMillis),
            killSignal: 'SIGKILL',
            maxBuffer: Infinity,
            windowsHide: true,
        });
    } catch (error) {
        throw cannotStart(error);
    }
}

/** A program that is packed into one executable with Node.js would start itself once more. */
function canStartChild(): boolean {
    const isPacked = process.getBuiltinModule?.('node:sea')?.isSea() === true || 'pkg' in process;
    return process.execPath !== '' && !isPacked;
}

function childEnv(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !PARENT_ONLY.test(name));
    // apify-client goes through the proxy that the environment names. Node.js itself does so when it is told, from 22.21 on.
    return { ...Object.fromEntries(inherited), NODE_USE_ENV_PROXY: '1' };
}

/** The last line is incomplete where the child was killed while it wrote. */
function toMessages(output: string): ChildMessage[] {
    const lines = output
        .slice(0, output.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '');
    return lines.map((line): ChildMessage => JSON.parse(line));
}

function cannotStart(cause: unknown): Error {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(`No child process could be started to send requests while the process ends: ${reason}`, { cause });
}
