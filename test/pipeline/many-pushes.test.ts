import type { TestContext } from 'vitest';
import { expect, it } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

/** A buffer that holds few of them, so that the others wait for room. */
const OPTIONS = { flushIntervalMillis: 100, maxPayloadBytes: 500_000, maxBufferedBytes: 1_000_000 };

/** Milliseconds of CPU for each thousand items, pushed by a process of its own in a loop that awaits none of them. */
async function cpuOfThousand(itemCount: number, { onTestFinished }: TestContext): Promise<number> {
    const server = await startApiServer({ keepBodies: false });
    onTestFinished(async () => server.close());
    const body = `
        const text = 'x'.repeat(200);
        const before = process.cpuUsage();
        const pushes = [];
        for (let n = 0; n < ${itemCount}; n++) pushes.push(guard.pushData({ n, text }));
        await Promise.all(pushes);
        await guard.flush();
        const { user, system } = process.cpuUsage(before);
        console.log('CPU ' + (user + system) / 1_000);
        await Actor.exit();`;
    const { stdout, stderr } = await runScript(actorScript(body, { options: OPTIONS }), { env: platformEnv(server) });
    expect(server.items(), stderr).toHaveLength(itemCount);
    return Number(/CPU ([\d.]+)/.exec(stdout)?.[1]) / (itemCount / 1_000);
}

// Compares a process with another of the same machine: how fast that is does not count. The smaller one bears the warm-up.
it(
    'a push costs no more when a hundred thousand others wait for room before it',
    { timeout: 90_000 },
    async (context) => {
        const few = await cpuOfThousand(12_000, context);
        const many = await cpuOfThousand(120_000, context);
        expect(many).toBeLessThan(few * 1.5);
    },
);
