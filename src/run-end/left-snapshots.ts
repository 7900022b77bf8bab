import type { UnsentItems } from '../pipeline/handover.js';
import type { RunStore } from '../ports.js';
import { isLive } from './head-owner.js';
import type { SnapshotHead } from './snapshot.js';
import { fromPieces, isIntact, parseHead } from './snapshot.js';

/** What another process, or guard, of the run has saved. */
export interface LeftSnapshot {
    head: SnapshotHead;
    /** The guard that has written it may still be at work. */
    isLive?: boolean;
    /** Why they cannot be read; undefined where they are not to be taken over. */
    items?: UnsentItems | Error;
}

export interface LeftSnapshotsOptions {
    store: Pick<RunStore, 'keys' | 'read'>;
    datasetId: string;
    /** Undefined locally. */
    runId: string | undefined;
}

/**
 * Reads what the run's guards on the dataset have saved, by the keys of heads; an error where a head cannot be read. It changes
 * nothing: it may end when nobody waits for it any more.
 */
export async function readLeftSnapshots(
    prefix: string,
    { store, datasetId, runId }: LeftSnapshotsOptions,
): Promise<Map<string, LeftSnapshot | Error>> {
    const heads = new Map<string, SnapshotHead | Error>();
    for (const key of await store.keys(prefix)) {
        const head = await store.read(key).then(parseHead).catch(toError);
        if (head instanceof Error || head.datasetId === datasetId) heads.set(key, head);
    }
    const all = [...heads.values()];
    const replaced = new Set(all.flatMap((head) => (head instanceof Error ? [] : head.replaces)));
    const left = new Map<string, LeftSnapshot | Error>();
    for (const [key, head] of heads) {
        if (head instanceof Error) left.set(key, head);
        else if (isLive(key, head)) left.set(key, { head, isLive: true });
        else if (replaced.has(key) || isOfEarlierRun(head, runId)) left.set(key, { head });
        else left.set(key, { head, items: await readItems(head, store).catch(toError) });
    }
    return left;
}

async function readItems({ parts }: SnapshotHead, store: Pick<RunStore, 'read'>): Promise<UnsentItems> {
    const all: UnsentItems = { batches: [], records: [] };
    for (const part of parts) {
        const texts: string[] = [];
        for (const reference of part) {
            const text = await store.read(reference.key);
            if (!isIntact(text, reference)) throw new Error(`record ${reference.key} is missing or damaged`);
            texts.push(text);
        }
        const { batches, records } = fromPieces(texts);
        all.batches.push(...batches);
        all.records.push(...records);
    }
    return all;
}

/** Locally a run has no id: what a closed guard has left belongs to a run that is over. */
function isOfEarlierRun(head: SnapshotHead, runId: string | undefined): boolean {
    return head.runId !== runId || (runId === undefined && head.isClosed);
}

function toError(thrown: unknown): Error {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
}
