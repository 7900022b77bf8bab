import { createHash } from 'node:crypto';

/** Tells the items of a batch from all others, in whichever process of the run they are. */
export interface BatchIdentity {
    /** The id of the batch that the items came in with. */
    readonly id: string;
    /** Where in that batch each item was; undefined where all are where they were. */
    readonly indexes?: readonly number[] | undefined;
}

/** The identity of the items at those indexes of a batch. */
export function partOfIdentity({ id, indexes: before }: BatchIdentity, indexes: readonly number[]): BatchIdentity {
    const origins = before === undefined ? indexes : indexes.map((index) => before[index]!);
    return origins.every((origin, index) => origin === index) ? { id } : { id, indexes: origins };
}

/**
 * The id of the quarantine record of the item at `index`. It is the same in the next process of the run: one that was killed may have
 * written the record already.
 */
export function recordIdOf({ id, indexes }: BatchIdentity, index: number): string {
    const hash = createHash('sha256')
        .update(`${id} ${indexes?.[index] ?? index}`)
        .digest('hex');
    return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
