import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { Measured, Received, Sample, Task } from './measurement.js';
import type { Answer, Order } from './server.js';

/** Takes samples, one at a time: each contender in a fresh process, the platform in another. */
export class Sampler {
    readonly #server = fork(new URL('server.js', import.meta.url));

    async take(task: Task, round: number): Promise<Sample> {
        const { env } = (await this.#ask({ begin: task })) as { env: Record<string, string> };
        const measured = await measure(task, env);
        const { received } = (await this.#ask({ end: task })) as { received: Received };
        return { ...task, round, ...measured, ...received };
    }

    close(): void {
        this.#server.disconnect();
    }

    async #ask(order: Order): Promise<Answer> {
        this.#server.send(order);
        const answer = await message<Answer>(this.#server);
        if ('problem' in answer) throw new Error(answer.problem);
        return answer;
    }
}

async function measure(task: Task, env: Record<string, string>): Promise<Measured> {
    const child = fork(new URL('push.js', import.meta.url), [JSON.stringify(task)], {
        env: { PATH: process.env.PATH, APIFY_LOG_LEVEL: 'ERROR', ...env },
        execArgv: ['--expose-gc'],
    });
    const exited = once(child, 'exit');
    const measured = await message<Measured>(child);
    await exited;
    return measured;
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
