import { hostname } from 'node:os';

import fc from '../support/fast-check.js';
import { afterEach, describe, expect, it } from 'vitest';

import type { RunStore } from '../../src/ports.js';
import { Statistics } from '../../src/report/statistics.js';
import type { Snapshot, SnapshotHead } from '../../src/run-end/snapshot.js';
import { SnapshotStore } from '../../src/run-end/snapshot-store.js';
import { keptLog } from '../support/kept-log.js';

/** No process has it: it is larger than the largest that a system gives. */
const GONE_PID = 99_999_999;
const HEAD = 'DATASET-GUARD-STATE-';
const PIECE = 'DATASET-GUARD-UNSENT-';

/** A key-value store in memory that knows its state after each write. */
class MemoryRunStore implements RunStore {
    records = new Map<string, string>();
    readonly states: Map<string, string>[] = [];
    /** Writes of keys that begin so fail. */
    failing: string | undefined;

    constructor(records: ReadonlyMap<string, string> = new Map()) {
        this.records = new Map(records);
    }

    async save(key: string, text: string): Promise<void> {
        // Writes that begin together end in another order.
        await new Promise((resolve) => void setImmediate(resolve));
        if (this.failing !== undefined && key.startsWith(this.failing)) throw new Error('503');
        this.records.set(key, text);
        this.states.push(new Map(this.records));
    }

    async remove(key: string): Promise<void> {
        if (this.failing !== undefined && key.startsWith(this.failing)) throw new Error('503');
        this.records.delete(key);
        this.states.push(new Map(this.records));
    }

    async read(key: string): Promise<string> {
        return this.records.get(key) ?? '';
    }

    async keys(prefix: string): Promise<string[]> {
        return [...this.records.keys()].filter((key) => key.startsWith(prefix)).sort();
    }

    async whereIs(key: string): Promise<string> {
        return key;
    }

    keysOf(prefix: string): string[] {
        return [...this.records.keys()].filter((key) => key.startsWith(prefix));
    }
}

const opened: SnapshotStore[] = [];
afterEach(() => {
    for (const each of opened.splice(0)) each.release();
});

function snapshotsIn(store: RunStore, { datasetId = 'movies', runId = 'run' as string | null } = {}) {
    const log = keptLog();
    const snapshots = new SnapshotStore({ store, datasetId, runId: runId ?? undefined, log });
    opened.push(snapshots);
    const errors = () => log.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
    return { snapshots, errors };
}

/** The records as another process of the run has left them, which is gone or at work. */
function leftBy(records: ReadonlyMap<string, string>, change: Partial<SnapshotHead> = {}): Map<string, string> {
    const { pid = GONE_PID, host = hostname() } = change;
    return new Map(
        [...records].map(([key, text]) => {
            if (!key.startsWith(HEAD) || !key.includes(`-${process.pid}-`)) return [key, text];
            const head = { ...(JSON.parse(text) as SnapshotHead), pid, host, ...change };
            return [
                `${key.slice(0, key.indexOf(`-${process.pid}-`))}-${host}-${pid}-${head.slot}`,
                JSON.stringify(head),
            ];
        }),
    );
}

function snapshotOf(numbers: readonly number[], records: readonly string[] = []): Snapshot {
    const statistics = new Statistics(() => 0, false);
    statistics.counters.received(numbers.length);
    statistics.counters.stored(numbers.length);
    return {
        statistics: statistics.save(),
        batches: numbers.map((n) => ({ from: n, lines: [`{"n":${n}}`, `{"n":${n},"second":true}`] })),
        records: [...records],
    };
}

/** Large enough for several pieces. */
const large = (n: number): Snapshot => ({
    ...snapshotOf([n]),
    batches: [{ from: n, lines: Array.from({ length: 3 }, () => JSON.stringify({ n, text: 'x'.repeat(3_000_000) })) }],
});
const itemsOf = (snapshots: readonly Snapshot[]) =>
    snapshots.flatMap(({ batches, records }) => [...batches.flatMap(({ lines }) => lines), ...records]);

describe('a snapshot', () => {
    it('is there as a whole, the old one or the new one, wherever the process is cut off while it is written', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        const states: { records: Map<string, string>; allowed: Snapshot[] }[] = [];
        const versions = [large(1), large(2), snapshotOf([3, 4], ['{"record":1}']), snapshotOf([]), large(5)];
        let old: Snapshot | undefined;
        for (const version of versions) {
            const from = store.states.length;
            await snapshots.save(() => version);
            const allowed = old === undefined ? [snapshotOf([]), version] : [old, version];
            for (const records of store.states.slice(from)) states.push({ records, allowed });
            old = version;
        }
        snapshots.release();
        const seen = new Set<unknown>();
        for (const { records, allowed } of states) {
            const next = snapshotsIn(new MemoryRunStore(leftBy(records)));
            const claimed = await next.snapshots.claim();
            const texts = JSON.stringify(itemsOf(claimed));
            const match = allowed.findIndex((version) => JSON.stringify(itemsOf([version])) === texts);
            expect(match).not.toBe(-1);
            seen.add(allowed[match]);
            expect([next.snapshots.unread.reason, next.errors()]).toEqual([undefined, []]);
            next.snapshots.release();
        }
        expect(seen.size).toBe(versions.length + 1);
        expect(states.length).toBeGreaterThan(20);
    }, 60_000);

    it('leaves nothing behind of one whose head could not be written, once the next is saved', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        store.failing = HEAD;
        await expect(snapshots.save(() => snapshotOf([1]))).rejects.toThrow('503');
        store.failing = undefined;
        await snapshots.save(() => snapshotOf([1, 2]));
        await snapshots.save(() => snapshotOf([]));
        expect(store.keysOf(PIECE)).toEqual([]);
    });

    it('leaves nothing behind of one whose head could not be written, once a head without items is', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        store.failing = HEAD;
        await expect(snapshots.save(() => snapshotOf([1]))).rejects.toThrow('503');
        store.failing = undefined;
        await snapshots.saveHead(snapshotOf([]).statistics);
        expect(store.keysOf(PIECE)).toEqual([]);
    });

    it('leaves only its own head and pieces behind', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        for (const version of [large(1), large(2)]) await snapshots.save(() => version);
        expect([store.keysOf(HEAD).length, store.keysOf(PIECE).length, snapshots.holdsItems]).toEqual([1, 3, true]);
        await snapshots.save(() => snapshotOf([]), true);
        expect([store.keysOf(HEAD).length, store.keysOf(PIECE).length, snapshots.holdsItems]).toEqual([1, 0, false]);
    });

    it('is written one after another, so that the one that was asked for last is the one that stays', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        await Promise.all([large(1), snapshotOf([2]), snapshotOf([3])].map(async (each) => snapshots.save(() => each)));
        const next = snapshotsIn(new MemoryRunStore(leftBy(store.records)));
        expect(itemsOf(await next.snapshots.claim())).toEqual(itemsOf([snapshotOf([3])]));
    });

    it.each([PIECE, HEAD])(
        'that cannot be written leaves the one before it, and the next one is written: %s',
        async (failing) => {
            const store = new MemoryRunStore();
            const { snapshots } = snapshotsIn(store);
            await snapshots.claim();
            await snapshots.save(() => snapshotOf([1]));
            store.failing = failing;
            await expect(snapshots.save(() => snapshotOf([2]))).rejects.toThrow('503');
            store.failing = undefined;
            const between = snapshotsIn(new MemoryRunStore(leftBy(store.records)));
            expect(itemsOf(await between.snapshots.claim())).toEqual(itemsOf([snapshotOf([1])]));
            await snapshots.save(() => snapshotOf([3]));
            const next = snapshotsIn(new MemoryRunStore(leftBy(store.records)));
            expect(itemsOf(await next.snapshots.claim())).toEqual(itemsOf([snapshotOf([3])]));
        },
    );

    it('written at the end of a process by others is the same for the next one', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        await snapshots.save(() => snapshotOf([1]));
        const records = new Map(store.records);
        for (const { key, text } of snapshots.recordsOf(large(2), false, true).records) records.set(key, text);
        const next = snapshotsIn(new MemoryRunStore(leftBy(records)));
        expect(itemsOf(await next.snapshots.claim())).toEqual(itemsOf([large(2)]));
        expect(snapshots.recordsOf(snapshotOf([]), true, true).records).toHaveLength(1);
    });

    it('names pieces that were perhaps saved at the end of a process in the head that replaces theirs', async () => {
        const { snapshots } = snapshotsIn(new MemoryRunStore());
        await snapshots.claim();
        const unanswered = snapshots.recordsOf(snapshotOf([1, 2]), false, false).records;
        const last = snapshots.recordsOf(snapshotOf([2]), false, true).records;
        const { outdated } = JSON.parse(last.at(-1)!.text) as { outdated: string[] };
        expect(unanswered).toHaveLength(2);
        expect(outdated).toContain(unanswered[0]!.key);
    });

    it('saved at the end of a process before it is sent is held, and replaced by what is saved afterwards', async () => {
        const store = new MemoryRunStore();
        const { snapshots } = snapshotsIn(store);
        await snapshots.claim();
        await snapshots.save(() => snapshotOf([1]));
        const records = new Map(store.records);
        const first = snapshots.recordsOf(snapshotOf([1, 2]), false, false);
        for (const { key, text } of first.records) records.set(key, text);
        const outdated = snapshots.savedAtExit(first);
        expect(outdated.map(({ key }) => records.has(key))).toEqual([true]);
        expect([snapshots.holds(snapshotOf([1, 2])), snapshots.holds(snapshotOf([2]))]).toEqual([true, false]);
        const second = snapshots.recordsOf(snapshotOf([2]), false, true);
        for (const { key, text } of second.records) records.set(key, text);
        const pieces = snapshots.savedAtExit(second).map(({ key }) => key);
        expect(pieces).toEqual(first.records.slice(0, -1).map(({ key }) => key));
        const next = snapshotsIn(new MemoryRunStore(leftBy(records)));
        expect(itemsOf(await next.snapshots.claim())).toEqual(itemsOf([snapshotOf([2])]));
    });
});

/** What a store holds after a process that has left these items. */
async function leftWith(snapshot: Snapshot, isClosed = false, identity = {}): Promise<Map<string, string>> {
    const store = new MemoryRunStore();
    const { snapshots } = snapshotsIn(store, identity);
    await snapshots.claim();
    await snapshots.save(() => snapshot, isClosed);
    snapshots.release();
    return store.records;
}

describe('damaged saved records', () => {
    const DAMAGE: Record<string, (text: string) => string | undefined> = {
        'is missing': () => undefined,
        'is empty': () => '',
        'is cut off': (text) => text.slice(0, -2),
        'was overwritten': () => 'no JSON at all',
        'has one other character': (text) => `${text.slice(0, -2)}~${text.at(-1)}`,
        'has one character more': (text) => `${text} `,
    };

    it.each(Object.keys(DAMAGE).flatMap((how) => [0, 1, 2].map((which) => [which + 1, how] as const)))(
        'cost only the items of their snapshot, which stays where it is: piece %i %s',
        async (which, how) => {
            const damaged = leftBy(await leftWith(large(1)));
            const intact = leftBy(await leftWith(snapshotOf([2])), { host: 'elsewhere' });
            const key = [...damaged.keys()].filter((each) => each.startsWith(PIECE))[which - 1]!;
            const text = DAMAGE[how]!(damaged.get(key)!);
            if (text === undefined) damaged.delete(key);
            else damaged.set(key, text);
            const store = new MemoryRunStore([...damaged, ...intact] as never);
            const { snapshots, errors } = snapshotsIn(store);
            expect(itemsOf(await snapshots.claim())).toEqual(itemsOf([snapshotOf([2])]));
            expect(snapshots.unread.items).toBe(3);
            expect(errors()).toEqual([expect.stringMatching(/^3 items .* cannot be read .*stay in/)]);
            await snapshots.save(() => snapshotOf([4]));
            for (const [each, value] of damaged) expect(store.records.get(each)).toBe(value);
            // What was taken over is gone.
            for (const each of intact.keys()) expect(store.records.has(each)).toBe(false);
        },
    );

    it.each(['', 'null', '<html>', '{"version":9,"parts":[],"replaces":[]}'])(
        'make the run fail but cost no other item where a head is unreadable: %s',
        async (text) => {
            const intact = leftBy(await leftWith(snapshotOf([2])));
            const unreadable = `${HEAD}movies-host-1-2-1`;
            const store = new MemoryRunStore([...intact, [unreadable, text]] as never);
            const { snapshots, errors } = snapshotsIn(store);
            expect(itemsOf(await snapshots.claim())).toEqual(itemsOf([snapshotOf([2])]));
            expect(snapshots.unread).toMatchObject({ items: 0, reason: expect.stringContaining('an earlier process') });
            expect(errors()).toHaveLength(1);
            await snapshots.saveHead(snapshotOf([]).statistics);
            expect(store.records.get(unreadable)).toBe(text);
        },
    );
});

describe('a start', () => {
    it('takes over what all processes have left that are gone, and forgets it only once its own state names it', async () => {
        const one = leftBy(await leftWith(snapshotOf([1], ['{"record":1}'])));
        const two = leftBy(await leftWith(large(2)), { host: 'elsewhere' });
        const left = new Map([...one, ...two]);
        const store = new MemoryRunStore(left);
        const first = snapshotsIn(store);
        expect(itemsOf(await first.snapshots.claim()).sort()).toEqual(
            itemsOf([snapshotOf([1], ['{"record":1}']), large(2)]).sort(),
        );
        // Gone at once: the next start finds the same.
        expect(store.records).toEqual(left);
        await first.snapshots.saveHead(snapshotOf([]).statistics);
        first.snapshots.release();
        for (const records of store.states) {
            const next = snapshotsIn(new MemoryRunStore(leftBy(records, { pid: GONE_PID + 1 })));
            expect(itemsOf(await next.snapshots.claim()).sort()).toEqual(
                itemsOf([snapshotOf([1], ['{"record":1}']), large(2)]).sort(),
            );
            next.snapshots.release();
        }
        expect(store.keysOf(HEAD)).toHaveLength(1);
    });

    it('leaves alone what a process has saved that is at work, and takes the next slot', async () => {
        const others = leftBy(await leftWith(snapshotOf([1])), { pid: process.ppid });
        const store = new MemoryRunStore(others);
        const { snapshots } = snapshotsIn(store);
        expect([await snapshots.claim(), snapshots.slot]).toEqual([[], 2]);
        await snapshots.save(() => snapshotOf([2]), true);
        for (const [key, text] of others) expect(store.records.get(key)).toBe(text);
    });

    it('takes over from a process that had the number of this one, and from one on another host', async () => {
        const records = await leftWith(snapshotOf([1]));
        for (const change of [
            { pid: process.pid, processStartedAt: 1 },
            { pid: process.ppid, host: 'elsewhere' },
        ]) {
            const { snapshots } = snapshotsIn(new MemoryRunStore(leftBy(records, change)));
            expect(itemsOf(await snapshots.claim())).toEqual(itemsOf([snapshotOf([1])]));
            expect(snapshots.slot).toBe(1);
            snapshots.release();
        }
    });

    it('tells guards of one process apart by slots, and gives a slot that is free again to the next', async () => {
        const store = new MemoryRunStore();
        const [one, two] = [snapshotsIn(store).snapshots, snapshotsIn(store).snapshots];
        await one.claim();
        await one.save(() => snapshotOf([1]));
        expect(await two.claim()).toEqual([]);
        await two.save(() => snapshotOf([2]));
        expect([one.slot, two.slot, store.keysOf(HEAD).length]).toEqual([1, 2, 2]);
        one.release();
        const three = snapshotsIn(store).snapshots;
        expect(itemsOf(await three.claim())).toEqual(itemsOf([snapshotOf([1])]));
        expect(three.slot).toBe(1);
    });

    it('by a second guard of the process, whose head replaces the first one’s, keeps that head and its items', async () => {
        const store = new MemoryRunStore();
        const one = snapshotsIn(store).snapshots;
        await one.claim();
        await one.save(() => snapshotOf([1]));
        one.release();
        const two = snapshotsIn(store).snapshots;
        await two.claim();
        const from = store.states.length;
        await two.saveHead(snapshotOf([]).statistics);
        two.release();
        // Wherever the process is killed from now on.
        for (const records of store.states.slice(from)) {
            const next = snapshotsIn(new MemoryRunStore(leftBy(records)));
            expect(itemsOf(await next.snapshots.claim())).toEqual(itemsOf([snapshotOf([1])]));
            next.snapshots.release();
        }
    });

    it('ignores other datasets, also those whose keys begin alike', async () => {
        const store = new MemoryRunStore(
            leftBy(await leftWith(snapshotOf([1]), false, { datasetId: 'movies-of-others' })),
        );
        expect(await snapshotsIn(store).snapshots.claim()).toEqual([]);
        const alike = new MemoryRunStore(leftBy(await leftWith(snapshotOf([1]), false, { datasetId: 'mo vies' })));
        expect(await snapshotsIn(alike, { datasetId: 'mo/vies' }).snapshots.claim()).toEqual([]);
    });

    it.each<[string, string | null, string | null, boolean, boolean]>([
        ['counts on after a closed guard of the same run', 'run', 'run', true, true],
        ['forgets another run', 'run', 'earlier', false, false],
        ['counts from nothing locally after a closed guard', null, null, true, false],
        ['takes over locally what a guard has left that was not closed', null, null, false, true],
    ])('%s', async (_name, runId, earlier, isClosed, isTakenOver) => {
        const snapshot = snapshotOf(isClosed ? [] : [1]);
        const store = new MemoryRunStore(leftBy(await leftWith(snapshot, isClosed, { runId: earlier })));
        const { snapshots } = snapshotsIn(store, { runId });
        const claimed = await snapshots.claim();
        expect(claimed.map(({ statistics }) => statistics)).toEqual(isTakenOver ? [snapshot.statistics] : []);
        await snapshots.saveHead(snapshot.statistics);
        expect(store.keysOf(HEAD)).toHaveLength(1);
    });

    it('follows another, in any number, and loses nothing on the way', async () => {
        const steps = fc.array(
            fc.record({ numbers: fc.array(fc.nat(1_000), { maxLength: 3 }), cut: fc.nat(6), isSaved: fc.boolean() }),
            { maxLength: 6 },
        );
        await fc.assert(
            fc.asyncProperty(steps, async (processes) => {
                let records = new Map<string, string>();
                let items: string[] = [];
                for (const [index, { numbers, cut, isSaved }] of processes.entries()) {
                    const store = new MemoryRunStore(records);
                    const { snapshots } = snapshotsIn(store);
                    const claimed = itemsOf(await snapshots.claim());
                    expect([...claimed].sort()).toEqual([...items].sort());
                    await snapshots.saveHead(snapshotOf([]).statistics);
                    const all = {
                        ...snapshotOf(numbers),
                        batches: [{ lines: claimed }, ...snapshotOf(numbers).batches],
                    };
                    const mark = store.states.length;
                    if (isSaved) await snapshots.save(() => all);
                    snapshots.release();
                    const states = store.states.slice(mark);
                    const state = cut < states.length ? states[cut]! : store.records;
                    const isNew = isSaved && !(cut === 0 && itemsOf([all]).length > 0 && states.length > 1);
                    items = isNew ? itemsOf([all]) : claimed;
                    records = leftBy(state, { pid: GONE_PID + index });
                }
            }),
            { numRuns: 50 },
        );
    });
});
