import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { ApiServer, Fault } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { compiledProgram } from '../support/compiled-module.js';
import { startFile } from '../support/run-script.js';
import { Random, SEED } from './support/random.js';
import { IS_LONG } from '../support/mode.js';

const PUSHES = IS_LONG ? 1_000_000 : 20_000;
const KEYS = PUSHES * 0.3;
const ITEMS_PER_PAGE = 250;
const PAGES = PUSHES / ITEMS_PER_PAGE;
const WORKLOAD = fileURLToPath(new URL('support/unique-workload.mjs', import.meta.url));
const TUNING = { listingLagMillis: 500, firstRetryDelayMillis: 50, requestTimeoutSecs: 5 };

/** One of twenty pushes goes wrong, in one of the ways that must not store an item twice. */
function makeTrouble(server: ApiServer, random: Random): void {
    const faults: Fault[] = [
        { status: 500 },
        { status: 503, delayMillis: 50 },
        { status: 429 },
        { cut: true },
        { when: 'after', cut: true },
        { when: 'after', status: 502 },
        { delayMillis: 100 },
    ];
    server.faults.use(({ method, path }) => {
        if (method !== 'POST' || !path.endsWith('/items') || random.next() > 0.05) return undefined;
        return faults[random.integer(0, faults.length - 1)];
    });
}

/** Runs one process of the run. Adds the pages that it has handled. */
async function crawl(
    server: ApiServer,
    pagesFile: string,
    handled: Set<number>,
    ending: { endAfterPages?: number; end?: 'migrate' | 'kill' } = {},
) {
    const workload = { pagesFile, handled: [...handled], ...ending, tuning: TUNING };
    const script = startFile(await compiledProgram(WORKLOAD), {
        env: { ...platformEnv(server), WORKLOAD: JSON.stringify(workload) },
        timeoutMillis: 1_800_000,
    });
    // The platform stops the container of a run that moves once the SDK says that it is ready.
    const stopListening = server.onSignal(() => script.child.kill('SIGKILL'));
    if (ending.end === 'migrate') {
        await script.waitForOutput('waits for the migration');
        server.emitEvent('migrating', { timeRemainingSecs: 20 });
    }
    const result = await script.finished;
    stopListening();
    for (const [, page] of result.stdout.matchAll(/^handled (\d+)$/gm)) handled.add(Number(page));
    return result;
}

describe(`${PUSHES} pushes of ${KEYS} keys from 20 handlers, with failures, a migration and a restart`, () => {
    it('store each key once', { timeout: 3_600_000 }, async () => {
        console.log(`CHAOS_SEED=${SEED} (unique)`);
        const server = await startApiServer({ keepBodies: false });
        onTestFinished(async () => server.close());
        const random = new Random(SEED);
        const pages = Array.from({ length: PAGES }, () =>
            Array.from({ length: ITEMS_PER_PAGE }, () => random.integer(0, KEYS - 1)),
        );
        const folder = await mkdtemp(join(tmpdir(), 'unique-'));
        onTestFinished(async () => rm(folder, { recursive: true, force: true }));
        const pagesFile = join(folder, 'pages.json');
        await writeFile(pagesFile, JSON.stringify(pages));
        makeTrouble(server, random);
        const handled = new Set<number>();

        const moved = await crawl(server, pagesFile, handled, { endAfterPages: PAGES * 0.3, end: 'migrate' });
        expect(moved.signal, moved.stderr).toBe('SIGKILL');
        const killed = await crawl(server, pagesFile, handled, { endAfterPages: PAGES * 0.3, end: 'kill' });
        expect(killed.signal, killed.stderr).toBe('SIGKILL');
        expect(handled.size).toBeLessThan(PAGES);
        const last = await crawl(server, pagesFile, handled);
        expect(last.exitCode, last.stderr).toBe(0);

        expect(handled.size).toBe(PAGES);
        const pushed = new Set(pages.flat().map((key) => `https://example.com/products/${key}`));
        const stored = server.items<{ key: string }>().map(({ key }) => key);
        const counts = new Map<string, number>();
        for (const key of stored) counts.set(key, (counts.get(key) ?? 0) + 1);
        expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
        expect([...pushed].filter((key) => !counts.has(key))).toEqual([]);
        expect(stored).toHaveLength(pushed.size);
        const { pendingItems, unsentItems, duplicateItems } = JSON.parse(/^report (.*)$/m.exec(last.stdout)![1]!);
        expect({ pendingItems, unsentItems }).toEqual({ pendingItems: 0, unsentItems: 0 });
        expect(duplicateItems).toBeGreaterThan(0);
    });
});
