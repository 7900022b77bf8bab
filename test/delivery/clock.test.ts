import type { TestContext } from 'vitest';
import { describe, expect, it } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import type { ApiServer } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

async function startPlatform({ onTestFinished }: TestContext): Promise<ApiServer> {
    const server = await startApiServer();
    onTestFinished(async () => server.close());
    return server;
}

/** The process's wall clock can be set back: only its own, not that of the machine. */
const CLOCK = `
const TrueDate = Date;
let shiftMillis = 0;
globalThis.Date = class extends TrueDate {
    constructor(...args) {
        if (args.length === 0) super(TrueDate.now() + shiftMillis);
        else super(...args);
    }
    static now() {
        return TrueDate.now() + shiftMillis;
    }
};
const setClockBack = () => {
    shiftMillis -= 3_600_000;
};`;

/** Runs an Actor whose clock is set back by an hour. Returns its output and its requests to store items. */
async function runWithClock(server: ApiServer, body: string, options: Record<string, unknown> = {}) {
    const { stdout, stderr } = await runScript(
        actorScript(
            `${body} await Promise.race([done, sleep(8_000).then(() => console.log('STUCK'))]); process.exit(0);`,
            {
                before: CLOCK,
                options: { flushIntervalMillis: 300, ...options },
            },
        ),
        { env: platformEnv(server) },
    );
    return { stdout, stderr };
}

/** In the script: resolves when nothing is pending. */
const ALL_DONE = `(async () => { while (guard.report().pendingItems > 0) await sleep(20); })()`;

describe.concurrent('a clock that is set back by an hour', () => {
    it('does not keep buffered items from being sent after the flush interval', async (context) => {
        const server = await startPlatform(context);
        const { stdout, stderr } = await runWithClock(
            server,
            `await guard.pushData({ n: 1 }); setClockBack(); await guard.pushData({ n: 2 }); const done = ${ALL_DONE};`,
        );
        expect(stdout, stderr).not.toContain('STUCK');
        expect(server.items()).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('does not keep a failed request from being tried again', async (context) => {
        const server = await startPlatform(context);
        const path = `${server.ids.datasetId}/items`;
        server.faults.next({ method: 'POST', path, times: 3, fault: { status: 503 } });
        const { stdout, stderr } = await runWithClock(
            server,
            `await guard.pushData({ n: 1 }); const done = guard.flush();
            while (guard.report().requests < 2) await sleep(1);
            setClockBack();`,
        );
        expect(stdout, stderr).not.toContain('STUCK');
        expect(server.items()).toEqual([{ n: 1 }]);
    });

    it('does not keep items whose request was lost from being looked for and sent', async (context) => {
        const server = await startPlatform(context);
        const path = `${server.ids.datasetId}/items`;
        server.faults.next({ method: 'POST', path, fault: { delayMillis: 200, cut: true } });
        const { stdout, stderr } = await runWithClock(
            server,
            `await guard.pushData({ n: 1 }); const done = guard.flush();
            while (guard.report().requests < 1) await sleep(1);
            // While the guard reads the dataset back.
            await sleep(300);
            setClockBack();`,
        );
        expect(stdout, stderr).not.toContain('STUCK');
        expect(server.items()).toEqual([{ n: 1 }]);
    });

    it('does not move the deadline of an end that was announced before', async (context) => {
        const server = await startPlatform(context);
        server.faults.use(({ method, path }) =>
            method === 'POST' && path.endsWith('/items') ? { status: 503 } : undefined,
        );
        const { stdout, stderr } = await runWithClock(
            server,
            `await guard.pushData({ n: 1 });
            const events = Actor.config.getEventManager();
            events.emit('aborting', { timeRemainingSecs: 3 });
            setClockBack();
            const done = events.waitForAllListenersToComplete();`,
        );
        expect(stdout, stderr).not.toContain('STUCK');
    });
});
