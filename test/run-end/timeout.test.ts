import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import { outcomeOf, range } from './support/outcome.js';
import { type Place, placesOfTests } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { savedPieces } from './support/saved-pieces.js';
import { refusePushes, told, until } from './support/troubles.js';

vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

const { platform } = placesOfTests();

const main = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'main',
    via: ['buffered'],
    end: 'waits',
    flawless: true,
    ...options,
});
const timeoutIn = (millis: number) => () => ({ ACTOR_TIMEOUT_AT: new Date(Date.now() + millis).toISOString() });

/** As the platform does. */
const killAtTimeout: ProgramOptions['afterAsking'] = async ({ child }, { env }) => {
    const timeoutAt = Date.parse(env.ACTOR_TIMEOUT_AT!);
    while (Date.now() < timeoutAt) await sleep(50);
    child.kill('SIGKILL');
};

/** Plays the platform, which resurrects the run when it takes items again. */
async function expectResurrectedRunToStoreTheRest(place: Place): Promise<void> {
    place.server!.faults.clear();
    const next = await outcomeOf(place, main({ endsUnasked: true, end: 'Actor.exit()', first: 20, count: 10 }));
    expect(next.exitCode, next.stderr).toBe(0);
    expect(await next.stored('buffered')).toEqual(range(0, 30));
    expect(await savedPieces(place)).toEqual([]);
}

describe.concurrent("the run's timeout", () => {
    it.each([
        ['4 s away', 4_000],
        ['a minute ago', -60_000],
    ])('does not keep a run from ending well by itself: %s', async (_name, millis) => {
        const outcome = await outcomeOf(await platform(), main({ end: 'Actor.exit()', env: timeoutIn(millis) }));
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
        expect(await outcome.report('buffered')).toMatchObject({ storedItems: 20, unsentItems: 0 });
    });

    it('a minute ago does not keep items from being sent before the end', async () => {
        const outcome = await outcomeOf(
            await platform(),
            main({
                env: timeoutIn(-60_000),
                guardOptions: { flushIntervalMillis: 100 },
                isIdle: true,
                afterAsking: async (script, { server }) => {
                    await until(script, () => server!.items().length >= 20);
                    script.child.kill('SIGKILL');
                },
            }),
        );
        expect(outcome.signal).toBe('SIGKILL');
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });

    it('finds the items saved that an exit was still trying to send, and the resurrected run stores them once', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                end: 'Actor.exit()',
                env: timeoutIn(14_000),
                isIdle: true,
                whenReady: (_script, { server }) => refusePushes(server!, 429),
                afterAsking: killAtTimeout,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        await expectResurrectedRunToStoreTheRest(place);
    });

    it('finds the items saved where the platform is down, and the resurrected run stores them once', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                env: timeoutIn(20_000),
                isIdle: true,
                whenReady: (_script, { server }) => refusePushes(server!, 503),
                afterAsking: killAtTimeout,
            }),
        );
        expect(outcome.signal, outcome.stderr).toBe('SIGKILL');
        expect(await savedPieces(place)).not.toEqual([]);
        await expectResurrectedRunToStoreTheRest(place);
    });
});

describe.concurrent('a graceful abort', () => {
    it('saves the items where the dataset does not answer, and the resurrected run stores them once', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                ...told('aborting'),
                isIdle: true,
                internalOptions: { requestTimeoutSecs: 2 },
                whenReady: (_script, { server }) =>
                    server!.faults.next({ method: 'POST', path: /\/items$/, times: 1_000, fault: { hang: true } }),
            }),
        );
        expect(outcome.exitCode, outcome.stderr).toBe(1);
        await expectResurrectedRunToStoreTheRest(place);
    });
});
