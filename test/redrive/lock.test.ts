import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import type { RedriveOptions, RedriveResult } from '../../src/index.js';
import { redriveQuarantine } from '../../src/index.js';
import type { RedriveInternals } from '../../src/redrive/redrive-quarantine.js';
import { createGate, settlesWithin } from '../support/platform-faults.js';
import type { PlatformRun } from '../support/platform-run.js';
import { startPlatformRun } from '../support/platform-run.js';
import { FIELDS, recordsInQuarantine } from './support/movies-in-quarantine.js';

const internally: (options?: RedriveOptions, internals?: RedriveInternals) => Promise<RedriveResult> =
    redriveQuarantine;
const INTERNALS: RedriveInternals = {
    batchItems: 10,
    internal: { listingLagMillis: 200, firstRetryDelayMillis: 1, maxRetries: 2 },
};
const RECORDS = 30;

let run: PlatformRun;
let dataset: string;
let quarantine: string;
beforeAll(async () => {
    run = await startPlatformRun();
    // The SDK's client, which holds the lock, would try for minutes.
    Object.assign((await import('apify')).Actor.apifyClient.httpClient, { minDelayBetweenRetriesMillis: 1 });
});
beforeEach(() => {
    dataset = run.freshDataset(FIELDS);
    quarantine = `q${randomUUID().slice(0, 8)}`;
    run.server.addDataset({ name: quarantine });
    run.server.append(recordsInQuarantine(RECORDS, dataset), quarantine);
});
afterEach(async () => {
    vi.useRealTimers();
    await run.reset();
});
afterAll(async () => run.stop());

const mend = (item: any): unknown => ({ ...item, title: String(item.title) });
const redrive = async (options: RedriveOptions = {}) =>
    internally({ quarantine, transform: mend, ...options }, INTERNALS);
const storedNumbers = () => run.server.items(dataset).map(({ number }) => number as number);
const all = Array.from({ length: RECORDS }, (_, number) => number);

/** The record in which a redrive says that it is at work, by its key in whichever store. */
function lockRecord(): { key: string; value: any } | undefined {
    for (const [key, { value }] of run.server.records(`${quarantine}-redriven`)) {
        if (/lock/i.test(key)) return { key, value: JSON.parse(value.toString()) };
    }
    return undefined;
}

/** The wall clock of whoever begins from now on is so far ahead of those that began before. */
function setClockAhead(millis: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + millis });
}

describe('a redrive that has stored everything', () => {
    it('resolves although its lock cannot be removed', async () => {
        run.server.faults.use(({ method, path }) =>
            method === 'DELETE' && /lock/i.test(path) ? { status: 403 } : undefined,
        );
        const result = await settlesWithin(15_000, 'redriveQuarantine()', redrive());
        expect(result).toMatchObject({ storedItems: RECORDS, isComplete: true });
        expect(storedNumbers()).toEqual(all);
    });

    it('resolves although its lock cannot be read any more', async () => {
        let isDone = false;
        run.server.faults.use(({ path }) => (isDone && /lock/i.test(path) ? { status: 403 } : undefined));
        const onProgress = ({ storedItems }: RedriveResult) => void (isDone = storedItems === RECORDS);
        const result = await settlesWithin(15_000, 'redriveQuarantine()', redrive({ onProgress }));
        expect(result).toMatchObject({ storedItems: RECORDS, isComplete: true });
        expect(storedNumbers()).toEqual(all);
    });
});

describe('while a redrive is at work', () => {
    /** Begins a redrive that stops in the middle of its first batch until the gate opens. */
    function beginRedrive() {
        const gate = createGate();
        onTestFinished(gate.open);
        const begun = createGate();
        const transform = async (item: any): Promise<unknown> => {
            begun.open();
            await gate.opened;
            return mend(item);
        };
        const result = redrive({ transform });
        // Told by whoever awaits it; a test that has failed before does not.
        result.catch(() => undefined);
        return { gate, begun: begun.opened, result };
    }

    it.each([0, 90_000, -90_000])(
        'another one, whose clock is %i ms ahead, is refused, and no item comes twice',
        async (millis) => {
            const first = beginRedrive();
            await first.begun;
            setClockAhead(millis);
            const second = redrive();
            second.catch(() => undefined);
            // Whatever the second decides, it decides while the first is at work.
            const outcome = await settlesWithin(
                25_000,
                'The second redrive',
                second.then(
                    () => 'stored',
                    ({ code }: { code: string }) => code,
                ),
            );
            expect(outcome).toBe('REDRIVE');
            first.gate.open();
            expect(await first.result).toMatchObject({ storedItems: RECORDS, isComplete: true });
            expect(storedNumbers().toSorted((a, b) => a - b)).toEqual(all);
        },
        40_000,
    );

    it(
        'another one on a host whose clock is 90 s ahead does not take its lock, which is renewed',
        { timeout: 60_000 },
        async () => {
            const first = beginRedrive();
            await first.begun;
            const lock = lockRecord();
            if (lock === undefined) throw new Error('Expected a lock in the store beside the quarantine.');
            // The same lock as another host writes it, whose clock is behind, and who gives signs of life.
            const foreignLock = (at: number) => ({
                ...lock.value,
                id: randomUUID(),
                host: 'another-host',
                pid: 1,
                runId: 'another-run',
                at: new Date(at).toISOString(),
            });
            first.gate.open();
            await first.result;
            const before = storedNumbers().length;
            run.server.append(recordsInQuarantine(5, dataset), quarantine);
            const record = foreignLock(Date.now() - 90_000);
            const write = (at: number) =>
                run.server.records(`${quarantine}-redriven`).set(lock.key, {
                    value: Buffer.from(JSON.stringify({ ...record, at: new Date(at).toISOString() })),
                    contentType: 'application/json; charset=utf-8',
                });
            write(Date.now() - 90_000);
            // Only as long as the lock is its own: a redrive that has stolen it must not be healed.
            const renewing = setInterval(() => {
                if (lockRecord()?.value.id === record.id) write(Date.now() - 90_000);
            }, 100);
            onTestFinished(() => clearInterval(renewing));
            await expect(settlesWithin(50_000, 'The second redrive', redrive())).rejects.toMatchObject({
                code: 'REDRIVE',
            });
            expect(storedNumbers()).toHaveLength(before);
        },
    );
});

describe('a redrive that goes on after an outage', () => {
    it('begins although somebody else appends to the dataset without a pause, and stores no item twice', async () => {
        const path = `${dataset}/items`;
        // The request is stored, but its answer is lost, and the dataset cannot be read.
        run.server.faults.next({ method: 'POST', path, fault: { status: 500, when: 'after' } });
        run.server.faults.next({ method: 'POST', path, times: 1_000, fault: { status: 503 } });
        run.server.faults.next({ method: 'GET', path, times: 1_000, fault: { status: 500 } });
        await expect(redrive()).rejects.toMatchObject({ code: 'DELIVERY' });
        run.server.faults.clear();
        let written = 0;
        run.server.faults.use((call) => {
            if (call.method === 'GET' && call.path.endsWith(path)) {
                run.server.append(
                    Array.from({ length: 1_000 }, () => ({ foreign: written++ })),
                    dataset,
                );
            }
            return undefined;
        });
        const result = await settlesWithin(15_000, 'redriveQuarantine()', redrive());
        expect(result).toMatchObject({ isComplete: true });
        const own = storedNumbers().filter((number) => number !== undefined);
        expect(own.toSorted((a, b) => a - b)).toEqual(all);
    });
});
