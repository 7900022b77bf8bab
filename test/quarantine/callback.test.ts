import { describe, expect, it, vi } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';

// The longest that close() waits for a callback, and all tests wait side by side.
vi.setConfig({ testTimeout: 60_000 });

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const NEVER = '() => new Promise(() => {})';
const CLOSE = `console.log('CLOSED ' + (await guard.close()).quarantinedItems);`;

describe.concurrent('an onQuarantine callback', () => {
    it.each([
        ['never settles, does not hang close()', NEVER, `${CLOSE} await Actor.exit();`],
        ['never settles, does not hang Actor.exit()', NEVER, 'await Actor.exit();'],
        [
            'never settles, does not hang flush()',
            NEVER,
            `await guard.flush(); console.log('CLOSED 1'); process.exit(0);`,
        ],
        ['awaits close(), does not hang close()', 'async () => guard.close()', `${CLOSE} await Actor.exit();`],
        ['awaits close(), does not hang Actor.exit()', 'async () => guard.close()', 'await Actor.exit();'],
        ['awaits flush(), does not hang close()', 'async () => guard.flush()', `${CLOSE} await Actor.exit();`],
        [
            'pushes an item and waits until it is stored, does not hang Actor.exit()',
            `async () => { guard.install(); await Actor.pushData({ n: 2 }); }`,
            'await Actor.exit();',
        ],
    ])('that %s', async (name, onQuarantine, end) => {
        const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
        try {
            const source = `
                import { Actor } from 'apify';
                import { DatasetGuard } from 'apify-dataset-guard';
                // A promise that never settles keeps no process alive, and the test is to show what hangs.
                setInterval(() => {}, 1_000);
                await Actor.init();
                const guard = await DatasetGuard.open({ flushIntervalMillis: 600_000, onQuarantine: ${onQuarantine} });
                await guard.pushData([{ n: 'bad' }, { n: 1 }]);
                ${end}`;
            const { exitCode, signal, stdout, stderr } = await runScript(source, {
                env: platformEnv(server),
                timeoutMillis: 45_000,
            });
            expect(signal, `${name}: ${stdout}${stderr}`).toBeNull();
            expect(exitCode, stdout + stderr).toBe(0);
            expect(server.items()[0]).toEqual({ n: 1 });
            expect(server.items('tester-my-actor-quarantine')).toHaveLength(1);
            if (end.includes('CLOSED')) expect(stdout).toContain('CLOSED 1');
        } finally {
            await server.close();
        }
    });
});
