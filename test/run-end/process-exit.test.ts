import { setTimeout } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { refuseWithoutReason } from '../support/platform-faults.js';
import { runScript } from '../support/run-script.js';
import { besideBare, expectSameEnd, expectSameItems } from './support/beside-bare.js';
import { expectLineCounting, outcomeOf, range, sorted } from './support/outcome.js';
import { placesOfTests } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { keptPieces } from './support/saved-pieces.js';
import {
    down,
    halfUnderWay,
    once,
    pushArrived,
    signalled,
    slow,
    storedOnceGivenUp,
    underWay,
} from './support/troubles.js';
import { sample } from '../support/mode.js';

vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

const { platform, local } = placesOfTests();

const main = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'main',
    via: ['buffered'],
    end: 'waits',
    ...options,
});

/** Ends that leave no time for anything asynchronous: by the process's `exit` event, and by a signal. The matrix has all of them. */
const SUDDEN: [name: string, options: Partial<ProgramOptions>][] = [
    ['an uncaught error', { end: 'throws' }],
    ['SIGTERM', signalled('SIGTERM')],
];

/** Both send in the same way, and a signal leaves less time. */
const TROUBLED = sample(SUDDEN, ([name]) => name === 'SIGTERM');

/** Each a good item, in several requests. */
const EQUAL_ITEMS = `
for (let n = 0; n < 100; n++) await guard.pushData({ text: 'x'.repeat(90) });
process.exit();`;

async function expectUnsentItemsToBeCounted(ending: Partial<ProgramOptions>): Promise<void> {
    const { bare, guarded } = await besideBare(platform, main({ ...ending, ...down(503), flawless: true }));
    expect(await guarded.stored('buffered')).toEqual([]);
    expectLineCounting(20, guarded);
    const exitCode = bare.exitCode === 0 ? 1 : bare.exitCode;
    expect(guarded).toMatchObject({ exitCode, signal: bare.signal });
}

it('process.exit(0) exits with 1, and a line counts the items that could not be sent, where the platform is down', async () => {
    await expectUnsentItemsToBeCounted({ end: 'process.exit(0)' });
});

describe.concurrent.each(TROUBLED)('a process that ends by %s', (_name, ending) => {
    it('stores all items, and ends as the bare program does, where each answer takes 300 ms', async () => {
        const both = await besideBare(platform, main({ ...ending, ...slow }));
        await expectSameItems(both);
        expectSameEnd(both);
    });

    it('counts the items that could not be sent in a line, and does not exit with 0, where the platform is down', async () => {
        await expectUnsentItemsToBeCounted(ending);
    });

    it.each([
        ['its first request is limited in rate', once({ status: 429 })],
        ['its first request is answered with a 503', once({ status: 503 })],
        ['the connection of its first request is cut', once({ cut: true })],
        ['the answer to its first request is lost', once({ cut: true, when: 'after' })],
        ['the request to the quarantine is answered with a 503', once({ status: 503 }, 1)],
    ])('stores all items, and ends as the bare program does, where %s', async (_trouble, trouble) => {
        const bare = outcomeOf(await platform(), main({ ...ending, via: ['bare'] }));
        const options = main({ ...ending, ...trouble });
        const guarded = outcomeOf(await platform(), options);
        const both = { bare: await bare, guarded: await guarded, entryPoint: 'buffered' as const, options };
        await expectSameItems(both);
        expectSameEnd(both);
    });

    it('quarantines an item that the platform refuses without a reason while it accepts the others', async () => {
        const place = await platform();
        refuseWithoutReason(place.server, place.server.ids.datasetId, ({ n }) => n === 7);
        const outcome = await outcomeOf(place, main({ ...ending, flawless: true }));
        expect(sorted(await outcome.stored('buffered'))).toEqual(range(0, 20).filter((n) => n !== 7));
        expect(await outcome.quarantined('buffered')).toEqual([7]);
        expect(await outcome.report('buffered')).toMatchObject({
            storedItems: 19,
            quarantinedItems: 1,
            unsentItems: 0,
        });
    });

    it('quarantines nothing where the platform refuses everything without a reason', async () => {
        const place = await platform();
        const whenReady = () => refuseWithoutReason(place.server, place.server.ids.datasetId, () => true);
        const outcome = await outcomeOf(place, main({ ...ending, flawless: true, whenReady }));
        expect(await outcome.quarantined('buffered')).toEqual([]);
        expectLineCounting(20, outcome);
    });

    it('quarantines nothing where the platform answers everything with 413', async () => {
        const place = await platform();
        const { faults, ids } = place.server;
        const whenReady = () =>
            faults.use(({ method, path }) =>
                method === 'POST' && path.endsWith(`${ids.datasetId}/items`) ? { status: 413 } : undefined,
            );
        const outcome = await outcomeOf(place, main({ ...ending, flawless: true, whenReady }));
        expect(outcome.stderr).not.toContain('Rejected by the platform');
        expect(await outcome.quarantined('buffered')).toEqual([]);
        expectLineCounting(20, outcome);
    });

    it('does not store items twice whose request was under way', async () => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...ending, ...underWay(place, true) }));
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
        expect(await outcome.report('buffered')).toMatchObject({ storedItems: 20, pendingItems: 0, unsentItems: 0 });
    });

    it('stores items whose request was under way and never got there', async () => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...ending, ...underWay(place, false) }));
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });

    it.each([
        ['is stored', true],
        ['is not stored', false],
    ])('stores each item once of a batch whose first half is stored while the second %s', async (_half, isStored) => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...ending, ...halfUnderWay(place, isStored) }));
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
        expect(await outcome.report('buffered')).toMatchObject({ storedItems: 20, pendingItems: 0, unsentItems: 0 });
    });

    it('does not store items twice that the server stores once the process has hung up', async () => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ ...ending, ...storedOnceGivenUp(place) }));
        // Whatever is stored late is stored by then.
        await setTimeout(500);
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });

    it('leaves no record of the items in the store of the run once they are stored', async () => {
        const place = await platform();
        await outcomeOf(place, main({ ...ending, flawless: true }));
        expect(await keptPieces(place)).toEqual([]);
    });
});

describe.concurrent('equal items', () => {
    it('are all stored by a process that dies, where the connection of one of its requests is cut', async ({
        onTestFinished,
    }) => {
        const server = await startApiServer();
        onTestFinished(async () => server.close());
        server.faults.next({ on: 'push', skip: 2, fault: { cut: true } });
        await runScript(actorScript(EQUAL_ITEMS, { options: { maxPayloadBytes: 1_100 } }), {
            env: platformEnv(server),
        });
        expect(server.items()).toHaveLength(100);
    });
});

describe.concurrent('the state of a run', () => {
    it('is saved before anything is sent as the process ends, so that nothing is lost when it is killed meanwhile', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                end: 'throws',
                flawless: true,
                whenReady: (_script, { server }) =>
                    server!.faults.use(({ path }) => (path.endsWith('/items') ? { hang: true } : undefined)),
                afterAsking: async (script, { server }) => {
                    await pushArrived(script, server!);
                    script.child.kill('SIGKILL');
                },
            }),
        );
        expect(outcome.signal).toBe('SIGKILL');
        place.server.faults.clear();
        const next = await outcomeOf(
            place,
            main({ end: 'Actor.exit()', endsUnasked: true, first: 20, count: 10, flawless: true }),
        );
        expect(next.exitCode, next.stderr).toBe(0);
        expect(await next.stored('buffered')).toEqual(range(0, 30));
    });
});

describe.concurrent('an unhandled rejection', () => {
    const cases = ['warn', 'strict', 'none'].flatMap((mode) => [
        [mode, 'platform', platform] as const,
        [mode, 'local', local] as const,
    ]);
    it.each(sample(cases, ([mode, where]) => where === 'platform' || mode === 'none'))(
        'has the effect that --unhandled-rejections=%s asks for, in a %s run',
        async (mode, _where, newPlace) => {
            const both = await besideBare(
                newPlace,
                main({ end: 'leaves a rejection unhandled and exits', nodeArgs: [`--unhandled-rejections=${mode}`] }),
            );
            expectSameEnd(both);
            await expectSameItems(both);
        },
    );
});

describe.concurrent("a listener of the program's own", () => {
    const listeners: [listener: string, options: Partial<ProgramOptions>][] = [
        ['SIGTERM: exits with 4', signalled('SIGTERM')],
        ['SIGTERM: calls Actor.exit()', signalled('SIGTERM')],
        ['uncaughtException: exits with 6', { end: 'throws in a timer' }],
        ['uncaughtException: goes on', { end: 'throws in a timer' }],
        ['uncaughtException: goes on', { end: 'leaves a rejection unhandled' }],
        ['process exit: says so', { end: 'process.exit(3) in a timer' }],
        ['process exit: says so', { end: 'throws' }],
    ];
    it.each(listeners)('keeps the say, and no item is lost: on %s', async (listener, options) => {
        const both = await besideBare(platform, main({ ...options, listeners: [listener] }));
        expect(both.bare.stdout).toContain('own listener');
        expectSameEnd(both);
        await expectSameItems(both);
    });
});

describe.concurrent('a second signal', () => {
    it.each(sample(['SIGINT', 'SIGTERM', 'SIGHUP'] as const, (signal) => signal !== 'SIGHUP'))(
        'right after the first changes nothing: %s',
        async (signal) => {
            const afterAsking: ProgramOptions['afterAsking'] = ({ child }) => {
                child.kill(signal);
                child.kill(signal);
            };
            const both = await besideBare(platform, main({ afterAsking, ...slow }));
            expectSameEnd(both);
            await expectSameItems(both);
        },
    );

    it('from the keyboard ends the process at once, and a line counts what is not sent', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                flawless: true,
                isProcessGroup: true,
                whenReady: (_script, { server }) => server!.faults.use(() => ({ hang: true })),
                afterAsking: async (script, { server }) => {
                    process.kill(-script.child.pid!, 'SIGINT');
                    await pushArrived(script, server!);
                    process.kill(-script.child.pid!, 'SIGINT');
                },
            }),
        );
        expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGINT' });
        expectLineCounting(20, outcome);
    });
});

describe.concurrent("an error of the guard's own that nobody catches", () => {
    it('stores what was accepted before a ToleranceExceededError', async () => {
        const options = main({ endsUnasked: true, guardOptions: { tolerance: { maxItems: 2 } } });
        const outcome = await outcomeOf(await platform(), options);
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toContain('ToleranceExceededError');
        const [stored, quarantined] = [await outcome.stored('buffered'), await outcome.quarantined('buffered')];
        expect(stored).toEqual(expect.arrayContaining([0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]));
        expect(sorted(quarantined)).toEqual([4, 9, 14]);
        expect(await outcome.report('buffered')).toMatchObject({
            storedItems: stored.length,
            quarantinedItems: 3,
            pendingItems: 0,
            unsentItems: 0,
        });
    });

    it('stores what was accepted before a DeliveryError', async () => {
        const place = await platform();
        place.server.faults.next({ method: 'POST', path: /\/items$/, fault: { status: 403 } });
        const options = main({
            endsUnasked: true,
            end: 'pushes until it fails',
            guardOptions: { flushIntervalMillis: 0 },
        });
        const outcome = await outcomeOf(place, { ...options, flawless: true });
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toContain('DeliveryError');
        const { receivedItems, storedItems } = (await outcome.report('buffered'))!;
        expect(storedItems).toBe(receivedItems);
        expect(await outcome.stored('buffered')).toEqual(range(0, receivedItems));
    });
});

describe.concurrent('items of several payloads', () => {
    it.each([
        ['platform', platform],
        ['local', local],
    ])('are all stored by a process that dies of an uncaught error, in a %s run', async (_where, newPlace) => {
        const outcome = await outcomeOf(await newPlace(), main({ end: 'throws', flawless: true, textLength: 400_000 }));
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });
});
