import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import type { Fault } from '../support/api-server.js';
import { startApiServer } from '../support/api-server.js';
import { CHAOS_LAGS } from './support/random-faults.js';
import { Random, SEED } from './support/random.js';
import { Writer } from './support/writer.js';

const ITEMS = 2_500;
/** An equal item that another writer stored meanwhile counts as one's own: nobody can tell them apart. */
const WRITERS = 1;

/** Of each, nobody can tell whether the items were stored. */
const LOST_ANSWERS: readonly Fault[] = [
    { cut: true },
    { cut: true, when: 'after' },
    { status: 500 },
    { status: 500, when: 'after' },
];

it('loses none of many identical items of one writer when answers get lost', { timeout: 90_000 }, async () => {
    console.log(`CHAOS_SEED=${SEED} (${ITEMS} identical items)`);
    const random = new Random(SEED);
    const folder = await mkdtemp(join(tmpdir(), 'guard-identical-'));
    const server = await startApiServer({ ...CHAOS_LAGS, keepBodies: false });
    server.faults.use(({ method, path }) =>
        method === 'POST' && path.endsWith('/items') && random.chance(0.3) ? random.pick(LOST_ANSWERS) : undefined,
    );
    try {
        const writers = await Promise.all(
            Array.from({ length: WRITERS }, async (_, index) => {
                const items = Array.from({ length: ITEMS / WRITERS }, () => ({
                    id: 'same',
                    price: 1,
                    stock: 1,
                    text: '',
                }));
                return Writer.create(server, folder, 'ab'[index]!, [items], {
                    kind: 'guard',
                    options: { maxPayloadBytes: 8_000, maxBufferedBytes: 32_000 },
                });
            }),
        );
        for (const writer of writers) writer.start();
        const results = await Promise.all(writers.map(async (writer) => writer.ended()));
        expect(results.map(({ exitCode }) => exitCode)).toEqual(writers.map(() => 0));
        console.log(`${ITEMS} identical items pushed, ${server.items().length} stored`);
        expect(server.items().length).toBeGreaterThanOrEqual(ITEMS);
    } finally {
        await server.close();
        await rm(folder, { recursive: true, force: true });
    }
});
