import { describe, expect, it, vi } from 'vitest';

import { RUN_ENDS, type RunEnd } from './support/ends.js';
import { isFlawed, otherOutput, type Outcome, outcomeOf, range, sorted, unique } from './support/outcome.js';
import { type Place, placesOfTests } from './support/places.js';
import type { EntryPoint, ProgramOptions } from './support/program.js';
import { IS_LONG } from '../support/mode.js';

// Crawlee gives running handlers 20 s to return, and cases wait for their turn.
vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

type File = 'main' | 'crawler';

/** Entry points that share a process, each with a guard and a dataset of its own. */
const GUARDED: Record<File, EntryPoint[]> = {
    main: ['buffered', 'stored', 'installed'],
    crawler: ['handler', 'installed'],
};
const BEFORE_THE_END: Record<File, number> = { main: 20, crawler: 50 };
/** Of a program without a crawler that goes on in another process. */
const FURTHER = 10;

const places = placesOfTests();
const outcomes = new Map<string, Promise<Outcome>>();

/** Each program runs once, however many tests ask for what came of it. */
async function outcomeIn(where: Place['name'], end: RunEnd, file: File, via: EntryPoint[]): Promise<Outcome> {
    const key = [where, end.name, file, via].join();
    const outcome = outcomes.get(key) ?? run(where, end, { ...end[file]!, file, via } as ProgramOptions);
    outcomes.set(key, outcome);
    return outcome;
}

async function run(where: Place['name'], end: RunEnd, options: ProgramOptions): Promise<Outcome> {
    const place = where === 'local' ? await places.local() : await places.platform();
    const first = await outcomeOf(place, options);
    if (!end.goesOn) return first;
    const { file, via } = options;
    const later = { file, via, end: 'Actor.exit()', first: BEFORE_THE_END.main, count: FURTHER, endsUnasked: true };
    const last = await outcomeOf(place, later);
    expect(last.exitCode, last.stderr).toBe(0);
    return { ...last, exitCode: first.exitCode, signal: first.signal, stdout: first.stdout, stderr: first.stderr };
}

/** Ends of a crawler that CI tries locally, too: the guard's part in them is that of a program without one, which all are tried with. */
const LOCAL_CRAWLERS = ['Actor.exit()', 'an unhandled rejection', 'SIGINT'];

const cases = RUN_ENDS.flatMap((end) =>
    end.places.flatMap((where) =>
        (['main', 'crawler'] as const)
            .filter((file) => end[file])
            .filter((file) => IS_LONG || where === 'platform' || file === 'main' || LOCAL_CRAWLERS.includes(end.name))
            .map((file): [string, Place['name'], File, RunEnd] => [end.name, where, file, end]),
    ),
);

describe.concurrent.each(cases)('%s, %s, %s', (_name, where, file, end) => {
    /** What the bare program has stored of the good items, each once. */
    const expected = async () => {
        const bare = await outcomeIn(where, end, file, ['bare']);
        return sorted(unique(await bare.stored('bare')).filter((n) => !isFlawed(n)));
    };
    /**
     * A page that runs again pushes again what it had stored. `handler` stores nothing before the page's end, but a page that ends while
     * the run is already moving may end too late for Crawlee to note it.
     */
    const repeats = (entryPoint: EntryPoint) =>
        end.goesOn === true &&
        file === 'crawler' &&
        (entryPoint === 'installed' || end.crawler!.handlersReturnOn !== undefined);

    it('finds all items stored that bare Actor.pushData was given', async () => {
        expect(await expected()).toEqual(
            expect.arrayContaining(range(0, BEFORE_THE_END[file]).filter((n) => !isFlawed(n))),
        );
    });

    it('has the exit code and the output of the bare program', async () => {
        const [bare, guarded] = await Promise.all([
            outcomeIn(where, end, file, ['bare']),
            outcomeIn(where, end, file, GUARDED[file]),
        ]);
        expect(guarded).toMatchObject({ exitCode: bare.exitCode, signal: bare.signal });
        expect(otherOutput(guarded)).toEqual(otherOutput(bare));
    });

    it.each(GUARDED[file])('stores what the bare program stores: %s', async (entryPoint) => {
        const guarded = await outcomeIn(where, end, file, GUARDED[file]);
        const stored = await guarded.stored(entryPoint);
        if (repeats(entryPoint)) expect(sorted(unique(stored))).toEqual(await expected());
        // Handlers that run beside each other have no common order.
        else expect(file === 'main' ? stored : sorted(stored)).toEqual(await expected());
    });

    it.each(GUARDED[file])('quarantines the items that fail the schema: %s', async (entryPoint) => {
        const guarded = await outcomeIn(where, end, file, GUARDED[file]);
        const afterGoodOnes = (await expected()).map((n) => n + 1);
        expect(sorted(unique(await guarded.quarantined(entryPoint)))).toEqual(afterGoodOnes.filter(isFlawed));
    });

    it.each(GUARDED[file])('writes a report that counts each item: %s', async (entryPoint) => {
        const guarded = await outcomeIn(where, end, file, GUARDED[file]);
        const [stored, quarantined] = await Promise.all([guarded.stored(entryPoint), guarded.quarantined(entryPoint)]);
        expect(await guarded.report(entryPoint)).toMatchObject({
            storedItems: stored.length,
            quarantinedItems: quarantined.length,
            pendingItems: 0,
            unsentItems: 0,
        });
    });
});
