import { describe, expect, it, vi } from 'vitest';

import { type Outcome, outcomeOf, range } from './support/outcome.js';
import { type Place, placesOfTests } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { refusePushes, slow, told, underWay } from './support/troubles.js';

vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

const { platform, local } = placesOfTests();

const main = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'main',
    via: ['buffered'],
    end: 'waits',
    flawless: true,
    ...options,
});

/** Of a program that pushes on: how many items its pushes have acknowledged, those before the event included. */
function acknowledged({ stdout }: Outcome): number {
    return Number([...stdout.matchAll(/^acknowledged (\d+)$/gm)].at(-1)?.[1] ?? 19) + 1;
}

/** Starts the run's next process, which pushes ten items more, and hands out the numbers that were stored before those. */
async function storedAfterNextProcess(place: Place): Promise<number[]> {
    place.server!.faults.clear();
    place.server!.latencyMillis = 0;
    const next = await outcomeOf(place, main({ endsUnasked: true, end: 'Actor.exit()', first: 1_000, count: 10 }));
    expect(next.exitCode, next.stderr).toBe(0);
    const stored = await next.stored('buffered');
    expect(stored.filter((n) => n >= 1_000)).toEqual(range(1_000, 1_010));
    return stored.filter((n) => n < 1_000);
}

describe.concurrent('a migration that does not come', () => {
    it.each([
        [40, 26_000],
        [2, 5_000],
    ])('with %i s left does not keep a program from pushing on', async (timeRemainingSecs, pushOnMillis) => {
        const outcome = await outcomeOf(
            await platform(),
            main({
                ...told('migrating', { timeRemainingSecs }),
                end: 'pushes on',
                pushOnMillis,
                initOptions: { gracefulShutdown: false },
                isIdle: true,
            }),
        );
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(acknowledged(outcome)).toBeGreaterThan(20);
        expect(await outcome.stored('buffered')).toEqual(range(0, acknowledged(outcome)));
        expect(await outcome.report('buffered')).toMatchObject({ storedItems: acknowledged(outcome), unsentItems: 0 });
    });
});

describe.concurrent('a move that is refused', () => {
    it.each([
        ['metamorph', 'platform', platform],
        ['reboot', 'platform', platform],
        ['metamorph', 'local', local],
        ['reboot', 'local', local],
    ] as const)('does not keep a program from pushing on: %s, in a %s run', async (meanwhile, where, newPlace) => {
        const place = await newPlace();
        place.server?.faults.next({
            method: 'POST',
            path: /\/(metamorph|reboot)$/,
            times: 100,
            fault: { status: 403 },
        });
        const outcome = await outcomeOf(
            place,
            main({ via: ['buffered', 'installed'], end: 'pushes on', meanwhile, pushOnMillis: 27_000, isIdle: true }),
        );
        if (where === 'platform') expect(outcome.stdout).toContain('refused: ApifyApiError');
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, acknowledged(outcome)));
        expect(await outcome.stored('installed')).toEqual(range(0, acknowledged(outcome)));
    });
});

describe.concurrent('a migration while a program pushes on', () => {
    it('loses and repeats nothing where a migrating listener of its own takes longer than is left', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                ...told('migrating', { timeRemainingSecs: 2 }),
                end: 'pushes on',
                pushOnMillis: 20_000,
                listeners: ['migrating: takes 3 s'],
                isIdle: true,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        const stored = await storedAfterNextProcess(place);
        // The push that was waiting when the container was stopped may be stored as well.
        expect(stored).toEqual(range(0, Math.max(stored.length, acknowledged(outcome))));
    });

    it('loses nothing that was acknowledged where the container is stopped some seconds later than announced', async () => {
        const place = await platform();
        const { afterAsking } = told('migrating', { timeRemainingSecs: 1 });
        const outcome = await outcomeOf(
            place,
            main({
                end: 'pushes on',
                pushOnMillis: 20_000,
                initOptions: { gracefulShutdown: false },
                afterAsking: async (script, ...more) => {
                    await afterAsking!(script, ...more);
                    await script.waitForOutput('acknowledged 60');
                    script.child.kill('SIGKILL');
                },
                isIdle: true,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        const stored = await storedAfterNextProcess(place);
        expect(stored).toEqual(range(0, Math.max(stored.length, acknowledged(outcome))));
    });

    it('counts in the next process what was acknowledged after the counters had been saved for the move', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                ...told('migrating', { timeRemainingSecs: 8 }),
                end: 'pushes on',
                pushOnMillis: 20_000,
                listeners: ['migrating: takes 3 s'],
                isIdle: true,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        expect(acknowledged(outcome)).toBeGreaterThan(25);
        place.server.faults.clear();
        const next = await outcomeOf(place, main({ endsUnasked: true, end: 'Actor.exit()', first: 1_000, count: 10 }));
        const { storedItems } = (await next.report('buffered'))!;
        expect(storedItems).toBeGreaterThanOrEqual(acknowledged(outcome) + 10);
    });

    it('requests the reboot and loses nothing that was acknowledged where the platform is down', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                ...told('migrating', { timeRemainingSecs: 8 }),
                whenReady: (_script, { server }) => refusePushes(server!, 503),
                end: 'pushes on',
                pushOnMillis: 20_000,
                isIdle: true,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        expect(place.server.run.reboots).toBe(1);
        expect(await outcome.stored('buffered')).toEqual([]);
        const stored = await storedAfterNextProcess(place);
        expect(stored).toEqual(range(0, Math.max(stored.length, acknowledged(outcome))));
    });
});

describe.concurrent('a migration', () => {
    const MIGRATION = told('migrating', { timeRemainingSecs: 8 });

    it('loses and repeats nothing where each answer takes 300 ms', async () => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...MIGRATION, ...slow }));
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        expect(await storedAfterNextProcess(place)).toEqual(range(0, 20));
    });

    it.each([
        ['is stored and its answer lost', true],
        ['never gets there', false],
    ])('has items stored once whose request %s', async (_name, isStored) => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...MIGRATION, ...underWay(place, isStored), isIdle: true }));
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        expect(await storedAfterNextProcess(place)).toEqual(range(0, 20));
    });

    it("has a summary stored that a migrating listener of the program's own pushes", async () => {
        const place = await platform();
        const options = main({ ...MIGRATION, listeners: ['migrating: pushes a summary'] });
        const outcome = await outcomeOf(place, options);
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        // The SDK calls its listeners twice, so that the summary may be there twice.
        const bare = await outcomeOf(await platform(), { ...options, via: ['bare'] });
        expect(await storedAfterNextProcess(place)).toEqual(await bare.stored('bare'));
    });
});
