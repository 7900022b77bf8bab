import { describe, expect, it, vi } from 'vitest';

import { actorScript } from '../support/actor-script.js';
import { runScript } from '../support/run-script.js';
import { type Place, placesOfTests } from './support/places.js';

vi.setConfig({ testTimeout: 120_000 });

const { platform, local } = placesOfTests();

/** Runs one process of a run. */
async function runProcess(place: Place, body: string, options: Record<string, unknown> = {}) {
    const env = { ...place.env, CRAWLEE_PURGE_ON_START: '0' };
    // The schema of these places asks for numbers, and forbids what it does not know.
    const script = actorScript(body, { options: { unique: 'n', ...options } });
    return runScript(script, { env, cwd: place.cwd });
}

const push = (from: number, to: number) => `
    await guard.pushData(Array.from({ length: ${to - from} }, (_, i) => ({ n: ${from} + i, via: 'test' })));`;
const numbers = async (place: Place) => (await place.items()).map(({ n }) => n).sort((a, b) => a - b);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function report(place: Place): Promise<any> {
    return JSON.parse((await place.records()).get('DATASET-GUARD-REPORT')!);
}

const ENDS: Record<string, string> = {
    'an uncaught error': `setTimeout(() => { throw new Error('of the test'); }); await sleep(60_000);`,
    'process.exit()': 'process.exit(0);',
    'SIGTERM': `process.kill(process.pid, 'SIGTERM'); await sleep(60_000);`,
    'Actor.exit()': 'await Actor.exit();',
    'a SIGKILL': `await guard.flush(); process.kill(process.pid, 'SIGKILL'); await sleep(60_000);`,
};

/** Two processes, one after another. Resolves to the numbers that are stored. */
async function storedByTwo(place: Place, end: string): Promise<number[]> {
    await runProcess(place, `${push(0, 300)}${push(200, 400)}${end}`);
    expect(await numbers(place)).toEqual(range(0, 400));
    const next = await runProcess(place, `${push(100, 450)}await Actor.exit();`);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(await report(place)).toMatchObject({ unsentItems: 0, pendingItems: 0 });
    return numbers(place);
}

describe('the keys of a process that has ended', () => {
    it.each(Object.entries(ENDS))('are known to the next start of the run: %s', async (_name, end) => {
        expect(await storedByTwo(await platform(), end)).toEqual(range(0, 450));
    });

    it('are known to the next start on the storage that a killed process has left locally', async () => {
        expect(await storedByTwo(await local(), ENDS['a SIGKILL']!)).toEqual(range(0, 450));
    });

    it('are forgotten locally when the run has ended by itself: the next one is another run', async () => {
        expect(await storedByTwo(await local(), ENDS['Actor.exit()']!)).toHaveLength(400 + 350);
    });
});

describe.each([
    ['on the platform', platform],
    ['locally', local],
] as const)('duplicates when a process ends, %s', (_where, newPlace) => {
    it('are found among what waits and what handlers have collected, when it is sent without the event loop', async () => {
        const place = await newPlace();
        const { stderr } = await runProcess(
            place,
            `
            const { BasicCrawler, RequestList } = await import('@crawlee/basic');
            await guard.pushData([{ n: 1, via: 'test' }, { n: 2, via: 'test' }, { n: 1, via: 'again' }]).catch(() => undefined);
            let running = 0;
            const requestHandler = guard.handler(async ({ pushData }) => {
                await pushData([{ n: 2, via: 'handler' }, { n: 3, via: 'handler' }]);
                if (++running === 2) process.exit(0);
                await sleep(60_000);
            });
            const requestList = await RequestList.open(null, ['http://localhost/1', 'http://localhost/2']);
            await new BasicCrawler({ requestList, requestHandler, minConcurrency: 2, autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02 } }).run();`,
        );
        expect(await numbers(place), stderr).toEqual([1, 2, 3]);
        const { receivedItems, storedItems, duplicateItems, unsentItems } = await report(place);
        expect({ receivedItems, storedItems, duplicateItems, unsentItems }).toEqual({
            receivedItems: 7,
            storedItems: 3,
            duplicateItems: 4,
            unsentItems: 0,
        });
    });
});

describe('an item that waits beside one that the platform rejects', () => {
    it('takes its place when it is sent without the event loop', async () => {
        const place = await platform();
        const { stderr } = await runProcess(
            place,
            `await guard.pushData([
                { n: 1, via: 5 }, { n: 2, via: 'first' }, { n: 1, via: 6 }, { n: 1, via: 'third' }, { n: 1, via: 'fourth' },
            ]);
            process.exit(0);`,
            { schema: false },
        );
        expect(await place.items(), stderr).toEqual([
            { n: 2, via: 'first' },
            { n: 1, via: 'third' },
        ]);
        expect(await report(place)).toMatchObject({ storedItems: 2, quarantinedItems: 2, duplicateItems: 1 });
    });

    it('is saved with the run where nothing can be sent, and the next start stores one of them', async () => {
        const place = await platform();
        place.server.faults.next({ method: 'POST', path: /\/items$/, times: 1_000, fault: { status: 503 } });
        const { stdout } = await runProcess(
            place,
            `await guard.pushData([{ n: 1, via: 'first' }, { n: 1, via: 'second' }]);
            console.log('pending', guard.report().pendingItems);
            process.exit(0);`,
        );
        expect(stdout).toContain('pending 2');
        place.server.faults.clear();
        const next = await runProcess(place, 'await Actor.exit();');
        expect(next.exitCode, next.stderr).toBe(0);
        expect(await place.items()).toEqual([{ n: 1, via: 'first' }]);
        expect(await report(place)).toMatchObject({ receivedItems: 2, storedItems: 1, duplicateItems: 1 });
    });
});
