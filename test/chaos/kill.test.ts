import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from 'vitest';

import { startApiServer } from '../support/api-server.js';
import { takeAccount } from './support/account.js';
import { makeItems, SHOWN_FIELDS } from './support/items.js';
import { CHAOS_LAGS } from './support/random-faults.js';
import { Random, SEED } from './support/random.js';
import { KILLS } from './support/size.js';
import { Writer } from './support/writer.js';

/** Processes at once. */
const POOL = 3;
/** More than a process can push before it is killed. */
const ITEMS_OF_ONE = 2_000;
const MAX_LIFE_MILLIS = 500;

console.log(`CHAOS_SEED=${SEED} (${KILLS} kills)`);

it(`loses no acknowledged item when it is killed at ${KILLS} random moments`, { timeout: KILLS * 2_400 }, async () => {
    const random = new Random(SEED);
    const folder = await mkdtemp(join(tmpdir(), 'guard-kill-'));
    const server = await startApiServer({
        ...CHAOS_LAGS,
        dataset: { schema: { actorSpecification: 1, fields: SHOWN_FIELDS } },
        latencyMillis: 2,
        keepBodies: false,
    });
    server.faults.use(({ method }) => {
        if (method !== 'POST' || !random.chance(0.1)) return undefined;
        return random.pick([{ status: 429 }, { cut: true }, { cut: true, when: 'after' }, { delayMillis: 20 }]);
    });
    let acknowledged = 0;
    const missing: string[] = [];
    const killOne = async (index: number) => {
        const calls = makeItems(random, `k${index}`, ITEMS_OF_ONE).map((item) => [item]);
        const writer = await Writer.create(server, folder, `k${index}`, calls, {
            kind: 'guard',
            options: { ack: 'stored' },
        });
        writer.start();
        await writer.listening();
        await sleep(random.integer(0, MAX_LIFE_MILLIS));
        await writer.kill();
        const { stored, quarantined } = await takeAccount(server, [writer.storeId]);
        const { accepted } = await writer.progress();
        acknowledged += accepted.length;
        missing.push(...accepted.map(({ id }) => id).filter((id) => !stored.has(id) && !quarantined.has(id)));
    };
    try {
        let next = 0;
        const killSome = async () => {
            while (next < KILLS) await killOne(next++);
        };
        await Promise.all(Array.from({ length: POOL }, killSome));
    } finally {
        await server.close();
        await rm(folder, { recursive: true, force: true });
    }
    console.log(`${KILLS} processes killed, ${acknowledged} items acknowledged, ${missing.length} of them missing`);
    expect(missing, `CHAOS_SEED=${SEED}`).toEqual([]);
    expect(acknowledged).toBeGreaterThan(KILLS);
});
