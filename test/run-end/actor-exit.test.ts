import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { startApiServer } from '../support/api-server.js';
import { platformEnv } from '../support/platform-env.js';
import { runScript } from '../support/run-script.js';
import { besideBare, expectSameEnd, expectSameItems } from './support/beside-bare.js';
import { expectLineCounting, type Outcome, outcomeOf, range } from './support/outcome.js';
import { placesOfTests, type PlatformPlace } from './support/places.js';
import type { ProgramOptions } from './support/program.js';
import { savedPieces } from './support/saved-pieces.js';
import { down, downOnceReady, slow, told, underWay, until } from './support/troubles.js';
import { sample } from '../support/mode.js';

vi.setConfig({ testTimeout: 300_000, maxConcurrency: 1_000 });

const { platform, local } = placesOfTests();
const PLACES = [
    ['platform', platform],
    ['local', local],
] as const;

const main = (options: Partial<ProgramOptions>): ProgramOptions => ({
    file: 'main',
    via: ['buffered'],
    end: 'Actor.exit()',
    ...options,
});

/** Ends that leave time to send and to save. Each is the end of a row of the matrix, too. */
const ORDERLY: [name: string, options: Partial<ProgramOptions>][] = [
    ['Actor.exit()', { end: 'Actor.exit()' }],
    ['Actor.exit({ timeoutSecs: 0 })', { end: 'Actor.exit({ timeoutSecs: 0 })' }],
    ['Actor.exit({ exitCode: 7 })', { end: 'Actor.exit({ exitCode: 7 })' }],
    ['Actor.fail()', { end: 'Actor.fail()' }],
    ['Actor.main()', { end: 'returns', inActorMain: true }],
    ['having nothing left to do', { end: 'nothing left to do' }],
    ['a graceful abort', told('aborting')],
];
/** What the SDK does with these is to call Actor.exit(), as it does for the others. */
const OF_ACTOR_EXIT = ['Actor.exit()', 'Actor.fail()', 'Actor.main()'];

describe.concurrent.each(sample(ORDERLY, ([name]) => !OF_ACTOR_EXIT.includes(name)))(
    'a run that ends by %s',
    (_name, ending) => {
        it('stores all items and keeps its exit code where each answer takes 300 ms', async () => {
            const both = await besideBare(platform, main({ ...ending, ...slow }));
            expectSameEnd(both);
            await expectSameItems(both);
        });

        it('saves the items where the platform refuses them, says so, and fails; the next process of the run stores them', async () => {
            const place = await platform();
            const first = await outcomeOf(place, main({ ...ending, ...down(403), flawless: true }));
            expect(await first.stored('buffered')).toEqual([]);
            expectLineCounting(20, first);
            expect(first.exitCode).toBe(ending.end === 'Actor.exit({ exitCode: 7 })' ? 7 : 1);
            expect(await first.report('buffered')).toMatchObject({ receivedItems: 20, storedItems: 0 });
            await expectNextProcessToStoreTheRest(place);
        });
    },
);

/** The next process pushes ten items more. */
async function expectNextProcessToStoreTheRest(place: PlatformPlace): Promise<Outcome> {
    place.server.faults.clear();
    const next = await outcomeOf(place, main({ endsUnasked: true, first: 20, count: 10, flawless: true }));
    expect(next.exitCode, next.stderr).toBe(0);
    expect(await next.stored('buffered')).toEqual(range(0, 30));
    expect(await next.report('buffered')).toMatchObject({
        receivedItems: 30,
        storedItems: 30,
        pendingItems: 0,
        unsentItems: 0,
    });
    expect(await savedPieces(place)).toEqual([]);
    return next;
}

describe.concurrent('Actor.exit() while an outage lasts', () => {
    it('saves the items of three processes, and the last stores them in their order', async () => {
        const place = await platform();
        for (const first of [0, 10]) {
            const outcome = await outcomeOf(
                place,
                main({ ...downOnceReady(place, 403), first, count: 10, flawless: true }),
            );
            expect(outcome.exitCode).toBe(1);
            expectLineCounting(first + 10, outcome);
        }
        await expectNextProcessToStoreTheRest(place);
    });

    it('goes on trying until its deadline where a 503 may pass', async () => {
        const place = await platform();
        const outcome = await outcomeOf(
            place,
            main({
                ...down(503),
                flawless: true,
                isIdle: true,
                afterAsking: async (script, { server }) => {
                    await until(script, () => server!.pushRequests().length >= 3);
                    server!.faults.clear();
                },
            }),
        );
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });
});

describe.concurrent('a request that is under way when Actor.exit() is called', () => {
    it.each([
        ['does not store its items twice where its answer is lost', true],
        ['has its items sent again where it never got there', false],
    ])('%s', async (_name, isStored) => {
        const place = await platform();
        const outcome = await outcomeOf(place, main(underWay(place, isStored)));
        expect(outcome.exitCode, outcome.stderr).toBe(0);
        expect(await outcome.stored('buffered')).toEqual(range(0, 20));
    });
});

describe.concurrent.each(PLACES)("an exit listener of the program's own, in a %s run", (_where, newPlace) => {
    it.each(sample(['buffered', 'stored', 'installed'] as const, (entryPoint) => entryPoint !== 'stored'))(
        'has the summary stored that it pushes, and the exit code stays: %s',
        async (entryPoint) => {
            const options = main({ listeners: ['exit: pushes a summary'], end: 'Actor.exit({ exitCode: 7 })' });
            const both = await besideBare(newPlace, options, entryPoint);
            expect(await both.bare.stored('bare')).toContain(20);
            expectSameEnd(both);
            await expectSameItems(both);
            const stored = await both.guarded.stored(entryPoint);
            expect(await both.guarded.report(entryPoint)).toMatchObject({
                storedItems: stored.length,
                pendingItems: 0,
            });
        },
    );

    it('costs no item where it rejects', async () => {
        const both = await besideBare(newPlace, main({ listeners: ['exit: rejects'] }));
        expectSameEnd(both);
        await expectSameItems(both);
    });
});

describe.concurrent('an aborting listener', () => {
    it('has the summary stored that it pushes', async () => {
        const both = await besideBare(
            platform,
            main({ ...told('aborting'), listeners: ['aborting: pushes a summary'] }),
        );
        expectSameEnd(both);
        await expectSameItems(both);
    });
});

describe.concurrent('a program that goes on pushing while it ends', () => {
    it.for([
        ['Actor.exit()', 'await Actor.exit();'],
        ['a graceful abort', "Actor.config.getEventManager().emit('aborting', {}); await new Promise(() => {});"],
    ])('stores what it has pushed, and is told of nothing unsent: %s', async ([, end], { onTestFinished }) => {
        const server = await startApiServer();
        onTestFinished(async () => server.close());
        const pushOn = 'void (async () => { for (let n = 0; ; n++) await guard.pushData({ n }); })();';
        // Each answer takes its time, so that at any moment a request is under way.
        const begin = `${pushOn} await guard.flush();`;
        server.latencyMillis = 40;
        const { exitCode, stdout, stderr } = await runScript(actorScript(`${begin} ${end}`), {
            env: platformEnv(server),
        });
        expect(exitCode, stdout + stderr).toBe(0);
        expect(stdout + stderr).not.toMatch(/ERROR|not sent|in time/);
        const report = JSON.parse(server.records().get('DATASET-GUARD-REPORT')!.value.toString());
        expect(report).toMatchObject({ storedItems: server.items().length, pendingItems: 0, unsentItems: 0 });
    });
});

describe.concurrent('guard.close() with items that cannot be sent', () => {
    it('rejects, which nobody catches, with a report, a line and an exit code that say so', async () => {
        const outcome = await outcomeOf(await platform(), main({ end: 'guard.close()', ...down(403), flawless: true }));
        expect(outcome.exitCode).toBe(1);
        expect(outcome.stderr).toContain('DeliveryError');
        expectLineCounting(20, outcome);
        expect(await outcome.report('buffered')).toMatchObject({ receivedItems: 20, storedItems: 0, unsentItems: 20 });
    });

    it('rejects, which the program catches, and the run fails nevertheless', async () => {
        const place = await platform();
        const outcome = await outcomeOf(place, main({ end: 'guard.close(), caught', ...down(403), flawless: true }));
        expect(outcome.stdout).toContain('caught: DeliveryError');
        expect(outcome.exitCode).toBe(1);
        expectLineCounting(20, outcome);
    });
});
