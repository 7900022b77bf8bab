import type { Owner, Payload, ReadBack, SavedKeys } from '../../ports.js';

/** Neighbours in a batch that came from one owner; `undefined` for items that nobody waits for. */
export interface OwnerRun {
    owner: Owner | undefined;
    count: number;
}

/** Items that will go in one request. */
export interface Batch {
    /** Position in the order of batches, from 0. */
    readonly sequence: number;
    /** When its oldest item came in, in milliseconds since the epoch. */
    readonly since: number;
    payload: Payload;
    runs: OwnerRun[];
    /** Somebody waits for it: it is sent as soon as a request may begin. */
    urgent: boolean;
    sending: boolean;
    /** Set when its items may be in the dataset: to be looked for before they are sent. */
    readBack?: ReadBack;
    /** Where in the dataset to look for its items while it is being sent. */
    sentFrom?: number;
    /** Left where it is while those behind it are sent: whether they are accepted tells what is wrong with it. */
    suspended?: boolean;
    /** Its payload was closed while another request was under way, and is being made ready. */
    prepared?: boolean;
    /** Called when the batch leaves the buffer for good. */
    onDone?: () => void;
    /** Where it stood in the order of the process that saved it first. */
    savedOrder?: string;
    /** The records in which it, or a batch of which it is what is left, was saved or is being saved. */
    savedKeys?: SavedKeys;
    /** Less than the batch for which `onDone` was set: what was saved of that one is out of date. */
    isReduced?: boolean;
}

/** Items of a batch that stay in the buffer, to be sent again in one request. */
export interface KeptPart {
    indexes: readonly number[];
    readBack?: ReadBack;
}

/** That part of the batch as a batch of its own, to be sent as soon as a request may begin. */
export function partOf(batch: Batch, { indexes, readBack }: KeptPart): Batch {
    const part = { ...batch, sending: false, urgent: true, readBack };
    if (indexes.length === batch.payload.itemCount) return part;
    const owners = ownersByIndex(batch.runs);
    const runs: OwnerRun[] = [];
    for (const index of indexes) addToRuns(runs, owners[index]);
    const isReduced = batch.onDone !== undefined;
    return { ...part, payload: batch.payload.pick(indexes), runs, prepared: false, isReduced };
}

/** One more item of `owner` at the end. */
export function addToRuns(runs: OwnerRun[], owner: Owner | undefined): void {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.owner === owner) last.count++;
    else runs.push({ owner, count: 1 });
}

/** The owner of each item of a batch. */
export function ownersByIndex(runs: readonly OwnerRun[]): (Owner | undefined)[] {
    return runs.flatMap(({ owner, count }) => new Array<Owner | undefined>(count).fill(owner));
}
