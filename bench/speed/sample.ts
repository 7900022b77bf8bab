import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { CONTENDERS } from './contenders.js';
import { readLocalPushes } from './local-files.js';
import type { Measured, Received, Sample, Task } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { Answer, Order } from './server.js';
import { checkStored } from './stored-items.js';

/** A contender that takes so long has failed. */
const SAMPLE_TIMEOUT_MILLIS = 300_000;

/** Takes samples, one at a time: each contender in a fresh process, the platform in another. */
export class Sampler {
    readonly #server = fork(new URL('server.js', import.meta.url));
    readonly #options: Pick<BenchOptions, 'folder' | 'profile'>;

    constructor(options: Pick<BenchOptions, 'folder' | 'profile'>) {
        this.#options = options;
    }

    async take(task: Task, round: number): Promise<Sample> {
        const taken = task.place === 'local' ? await this.#takeLocally(task) : await this.#takeOnPlatform(task);
        return { ...task, round, ...taken };
    }

    close(): void {
        this.#server.disconnect();
    }

    async #takeOnPlatform(task: Task): Promise<Measured & Received> {
        const { env } = (await this.#ask({ begin: task })) as { env: Record<string, string> };
        const measured = await this.#measure(task, env);
        const { received } = (await this.#ask({ end: task })) as { received: Received };
        return { ...measured, ...received };
    }

    async #takeLocally(task: Task): Promise<Measured & Received> {
        const folder = await mkdtemp(join(this.#options.folder, 'guard-bench-'));
        try {
            const measured = await this.#measure(task, { CRAWLEE_STORAGE_DIR: folder }, folder);
            const stored = checkStored(await readLocalPushes(folder), task, CONTENDERS[task.contender].keepsOrder);
            return { ...measured, ...stored, serverCpuMillis: 0 };
        } finally {
            await rm(folder, { recursive: true, force: true });
        }
    }

    async #measure(task: Task, env: Record<string, string>, cwd?: string): Promise<Measured> {
        const child = fork(new URL('push.js', import.meta.url), [JSON.stringify(task), ...this.#profilePath(task)], {
            env: { PATH: process.env.PATH, APIFY_LOG_LEVEL: 'ERROR', ...env },
            execArgv: ['--expose-gc'],
            cwd,
            timeout: SAMPLE_TIMEOUT_MILLIS,
            killSignal: 'SIGKILL',
        });
        const exited = once(child, 'exit');
        const measured = await message<Measured>(child);
        await exited;
        return measured;
    }

    #profilePath({ contender, place, shape, latencyMillis }: Task): string[] {
        const { profile } = this.#options;
        if (profile === undefined) return [];
        const name = `${contender}-${place}-${shape}-${latencyMillis}-${Date.now()}.cpuprofile`;
        return [resolve(profile, name)];
    }

    async #ask(order: Order): Promise<Answer> {
        this.#server.send(order);
        const answer = await message<Answer>(this.#server);
        if ('problem' in answer) throw new Error(answer.problem);
        return answer;
    }
}

/** The next message of a child; rejects when it ends without one. */
async function message<T>(child: ChildProcess): Promise<T> {
    return new Promise((resolve, reject) => {
        const onMessage = (value: unknown) => {
            child.off('exit', onExit);
            resolve(value as T);
        };
        const onExit = (exitCode: number | null, signal: string | null) => {
            child.off('message', onMessage);
            reject(new Error(`${child.spawnargs.at(-1)} ended with ${signal ?? exitCode} and said nothing.`));
        };
        child.once('message', onMessage);
        child.once('exit', onExit);
    });
}
