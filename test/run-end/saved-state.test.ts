import { describe, expect, it, vi } from 'vitest';

import { isFlawed, outcomeOf, ownLines, range, unique } from './support/outcome.js';
import { placesOfTests, type PlatformPlace } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { savedPieces } from './support/saved-pieces.js';
import { down, signalled, until } from './support/troubles.js';
import { sample } from '../support/mode.js';

vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

const { platform } = placesOfTests();

const main = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'main',
    via: ['buffered'],
    end: 'Actor.exit()',
    flawless: true,
    ...options,
});
/** The next process of a run pushes ten items of its own. */
const next = (options: Partial<ProgramOptions> = {}) => main({ endsUnasked: true, first: 20, count: 10, ...options });

/** A run whose first process could not send its 20 items and has saved them. */
async function runWithSavedItems(
    options: Partial<ProgramOptions> = {},
): Promise<{ place: PlatformPlace; keys: string[] }> {
    const place = await platform();
    const first = await outcomeOf(place, main({ ...down(403), ...options }));
    expect(first.exitCode, first.stderr).toBe(1);
    place.server.faults.clear();
    const keys = await savedPieces(place);
    expect(keys).not.toEqual([]);
    return { place, keys };
}

/** What is left of a record by how it was damaged. */
const DAMAGE: Record<string, (text: string) => string> = {
    'cut off': (text) => text.slice(0, text.length / 2),
    'emptied': () => '',
    'overwritten': () => 'no JSON at all',
};

function damage({ server }: PlatformPlace, key: string, how: string): void {
    const { value, contentType } = server.records().get(key)!;
    server.setRecord(key, DAMAGE[how]!(value.toString()), contentType);
}

describe.concurrent('saved items that are damaged', () => {
    const cases = [
        ['first', 'cut off', 'Actor.exit()'],
        ['last', 'cut off', 'Actor.exit()'],
        ['first', 'overwritten', 'Actor.exit()'],
        ['last', 'emptied', 'Actor.exit()'],
        ['last', 'cut off', 'guard.close()'],
        ['last', 'cut off', 'guard.close(), caught'],
    ] as const;
    it.each(sample(cases, ([, how, end]) => how !== 'cut off' || end !== 'guard.close()'))(
        'make the run fail with a line, and cost no other item: the %s record is %s, and the run ends by %s',
        async (which, how, end) => {
            // More than one record holds.
            const { place, keys } = await runWithSavedItems({ textLength: 400_000 });
            damage(place, which === 'first' ? keys[0]! : keys.at(-1)!, how);
            const outcome = await outcomeOf(place, next({ end }));
            expect(outcome.exitCode, outcome.stderr).toBe(1);
            expect(ownLines(outcome).filter((line) => line.startsWith('ERROR'))).not.toEqual([]);
            const stored = await outcome.stored('buffered');
            expect(stored).toEqual(unique(stored));
            expect(stored).toEqual(expect.arrayContaining(range(20, 30)));
        },
    );
});

describe.concurrent("counters of an older version's shape", () => {
    const shapes: [name: string, text: string][] = [
        ['no JSON', '<html>'],
        ['null', 'null'],
        ['a list', '[1, 2]'],
        ['a text', '"counters"'],
        ['nothing in them', '{}'],
        ['texts for numbers', '{"runId":"RUN","isClosed":false,"counters":{"receivedItems":"20","storedItems":{}}}'],
        ['no counters', '{"runId":"RUN","isClosed":false,"counters":null}'],
        ['names of their own', '{"runId":"RUN","isClosed":false,"counters":{"counts":{"in":20,"out":20},"reasons":7}}'],
    ];
    it.each(sample(shapes, ([name]) => !['a list', 'a text', 'no counters'].includes(name)))(
        'do not keep saved items from being stored: %s',
        async (_name, text) => {
            const { place } = await runWithSavedItems();
            const { server } = place;
            const counters = text.replace('RUN', server.ids.runId);
            server.setRecord(`DATASET-GUARD-COUNTERS-${server.ids.datasetId}`, counters);
            const outcome = await outcomeOf(place, next());
            expect(outcome.exitCode, outcome.stderr).toBe(0);
            expect(await outcome.stored('buffered')).toEqual(range(0, 30));
            expect(await savedPieces(place)).toEqual([]);
        },
    );
});

describe.concurrent('the next process of a run that ended suddenly', () => {
    it.each<[string, Partial<ProgramOptions>]>([
        ['an uncaught error', { end: 'throws' }],
        ['SIGTERM', signalled('SIGTERM')],
        ['process.exit(0)', { end: 'process.exit(0)' }],
    ])('repeats no item: %s', async (_name, ending) => {
        const place = await platform();
        await outcomeOf(place, main(ending));
        const outcome = await outcomeOf(place, next());
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, 30));
    });
});

describe.concurrent('a process that is killed', () => {
    it("has stored or quarantined what was acknowledged with ack: 'stored'", async () => {
        const outcome = await outcomeOf(
            await platform(),
            main({ via: ['stored', 'installed'], flawless: false, ...signalled('SIGKILL') }),
        );
        expect(outcome.signal).toBe('SIGKILL');
        for (const entryPoint of ['stored', 'installed'] as const) {
            expect(await outcome.stored(entryPoint)).toEqual(range(0, 20).filter((n) => !isFlawed(n)));
            expect(await outcome.quarantined(entryPoint)).toEqual(range(0, 20).filter(isFlawed));
        }
    });

    it('has stored what was buffered for longer than flushIntervalMillis, and the next process does not repeat it', async () => {
        const place = await platform();
        const killed = await outcomeOf(
            place,
            main({
                end: 'waits',
                guardOptions: { flushIntervalMillis: 100 },
                afterAsking: async (script, { server }) => {
                    await until(script, () => server!.items().length >= 20);
                    script.child.kill('SIGKILL');
                },
            }),
        );
        expect(killed.signal).toBe('SIGKILL');
        const outcome = await outcomeOf(place, next());
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, 30));
    });
});
