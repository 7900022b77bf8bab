import { startApiServer, type ApiServer } from '../../test/support/api-server.js';
import { platformEnv } from '../../test/support/platform-env.js';
import { startFront, type Front } from './front.js';
import type { Received, Task } from './measurement.js';
import { SHAPES } from './shapes.js';
import { checkStored } from './stored-items.js';
import { CONTENDERS } from './contenders.js';

/**
 * Stands for the platform, in a process of its own. What goes over the wire while a contender is measured costs next to
 * nothing here: pushes are put aside as they came, and looked into after the contender has ended.
 */
export type Order = { begin: Task } | { end: Task };
export type Answer = { env: Record<string, string> } | { received: Received } | { problem: string };

/** The price of a stored item in the place `charged`, with a budget that no sample uses up. */
const CHARGED = {
    chargeEvents: { 'apify-default-dataset-item': { eventPriceUsd: 0.000_01 } },
    maxTotalChargeUsd: 1_000_000,
};

let open: { platform: ApiServer; front: Front; cpu: NodeJS.CpuUsage } | undefined;

process.on('message', (order: Order) => {
    void answer(order);
});
process.once('disconnect', () => process.exit());

async function answer(order: Order): Promise<void> {
    const answered = 'begin' in order ? begin(order.begin) : end(order.end);
    process.send?.(await answered.catch((error: Error): Answer => ({ problem: error.message })));
}

async function begin({ place, shape, latencyMillis }: Task): Promise<Answer> {
    await close();
    const platform = await startApiServer({
        latencyMillis,
        dataset: { schema: { actorSpecification: 1, fields: SHAPES[shape].fields } },
        run: place === 'charged' ? CHARGED : {},
    });
    const front = await startFront(platform, latencyMillis);
    open = { platform, front, cpu: process.cpuUsage() };
    return { env: platformEnv(platform, { APIFY_API_BASE_URL: front.url, APIFY_API_PUBLIC_BASE_URL: front.url }) };
}

async function end(task: Task): Promise<Answer> {
    const { front, cpu } = open!;
    const { user, system } = process.cpuUsage(cpu);
    await close();
    const stored = checkStored(front.pushes, task, CONTENDERS[task.contender].keepsOrder);
    return { received: { ...stored, serverCpuMillis: (user + system) / 1_000 } };
}

/** A contender that failed has left its platform open. */
async function close(): Promise<void> {
    await Promise.all([open?.front.close(), open?.platform.close()]);
    open = undefined;
}
