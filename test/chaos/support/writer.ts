import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ApiServer } from '../../support/api-server.js';
import { platformEnv } from '../../support/platform-env.js';
import type { RunningScript, ScriptResult } from '../../support/run-script.js';
import { startFile } from '../../support/run-script.js';
import { compiledProgram } from '../../support/compiled-module.js';
import type { End } from './ends.js';
import type { ChaosItem } from './items.js';
import { CHAOS_TUNING } from './random-faults.js';
import { times } from './size.js';

export interface WriterOptions {
    kind: 'guard' | 'bare';
    /** Of `DatasetGuard.open`. */
    options?: Record<string, unknown>;
    /** Between two calls. */
    pauseMillis?: number;
}

const WORKLOAD = new URL('workload.mjs', import.meta.url);

/** One run of the workload: a process at a time, each going on where the last one stopped. */
export class Writer {
    readonly name: string;
    readonly runId: string;
    readonly storeId: string;
    readonly items: ChaosItem[];
    /** What the processes that ended wrote, for a failing test to show. */
    log = '';
    readonly #folder: string;
    readonly #env: Record<string, string>;
    readonly #program: string;
    #script: RunningScript | undefined;

    private constructor(
        server: ApiServer,
        program: string,
        folder: string,
        name: string,
        items: ChaosItem[],
        options: WriterOptions,
    ) {
        this.name = name;
        this.runId = `Run${name}`.padEnd(17, '0');
        this.storeId = `Store${name}`.padEnd(17, '0');
        this.items = items;
        this.#folder = folder;
        this.#program = program;
        const workload = {
            callsFile: this.#file('calls'),
            progressFile: this.#file('progress'),
            options: {},
            ...options,
            tuning: CHAOS_TUNING,
        };
        this.#env = platformEnv(server, {
            ACTOR_RUN_ID: this.runId,
            ACTOR_DEFAULT_KEY_VALUE_STORE_ID: this.storeId,
            APIFY_METAMORPH_AFTER_SLEEP_MILLIS: '60000',
            APIFY_LOG_LEVEL: 'INFO',
            WORKLOAD: JSON.stringify(workload),
        });
    }

    /** Makes a run of its own on the default dataset of `server`. Its files go to `folder`. */
    static async create(
        server: ApiServer,
        folder: string,
        name: string,
        calls: ChaosItem[][],
        options: WriterOptions,
    ): Promise<Writer> {
        const writer = new Writer(server, await compiledProgram(WORKLOAD), folder, name, calls.flat(), options);
        server.addRun({ runId: writer.runId, keyValueStoreId: writer.storeId });
        server.addKeyValueStore(writer.storeId);
        await writeFile(writer.#file('calls'), JSON.stringify(calls));
        await writeFile(writer.#file('progress'), '');
        return writer;
    }

    /**
     * Starts the run's next process. Where it is to come to an end it waits for that before its last items, however slow the machine
     * is; where the end is a timeout it is killed after so long.
     */
    start(end?: End): void {
        const { timeoutMillis } = end ?? {};
        const timeout = timeoutMillis && { ACTOR_TIMEOUT_AT: new Date(Date.now() + timeoutMillis).toISOString() };
        this.#script = startFile(this.#program, {
            env: { ...this.#env, ...timeout, ...(end && { WAITS_FOR_END: '1' }) },
            timeoutMillis: timeoutMillis ?? times(300_000),
        });
    }

    /** Sends a signal to the process, if there is one. */
    signal(name: NodeJS.Signals): void {
        this.#script?.child.kill(name);
    }

    /** Resolves when the process hears events, or has ended. */
    async listening(): Promise<void> {
        await this.#script!.waitForOutput('ready').catch(() => undefined);
    }

    /** Resolves when the process has ended, however it did. */
    async ended(): Promise<ScriptResult> {
        const script = this.#script!;
        const result = await script.finished;
        if (this.#script === script) {
            this.#script = undefined;
            this.log += `${result.stdout}${result.stderr}(${result.signal ?? result.exitCode})\n`;
        }
        return result;
    }

    async kill(): Promise<void> {
        await this.#script?.kill();
    }

    get isRunning(): boolean {
        if (this.#script === undefined) return false;
        // One of them is set once the process has gone, the second when a signal has ended it.
        const { exitCode, signalCode } = this.#script.child;
        return exitCode === null && signalCode === null;
    }

    /** Whether the process waits for its end, and sends only what it holds. */
    get isWaiting(): boolean {
        return this.#script?.output().includes('waits\n') ?? false;
    }

    /** The items whose push was acknowledged, and those whose push had begun and was not acknowledged. */
    async progress(): Promise<{ accepted: ChaosItem[]; open: ChaosItem[] }> {
        const positions = { begun: new Set<number>(), accepted: new Set<number>() };
        for (const line of (await readFile(this.#file('progress'), 'utf8')).trimEnd().split('\n')) {
            const [what, ...some] = line.split(' ');
            for (const position of some) positions[what as 'begun'].add(Number(position));
        }
        const { begun, accepted } = positions;
        return {
            accepted: this.items.filter((_, position) => accepted.has(position)),
            open: this.items.filter((_, position) => begun.has(position) && !accepted.has(position)),
        };
    }

    #file(name: string): string {
        return join(this.#folder, `${this.name}-${name}.json`);
    }
}
