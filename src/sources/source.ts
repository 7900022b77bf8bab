/** Items from somewhere, one after another, however many. */
export interface Source {
    /** Its name in words: a file's path, `standard input`, `dataset abc123`. */
    readonly name: string;
    items(): AsyncIterable<unknown>;
    /** Whether it is a dataset, so that the position of an item is that in the dataset. */
    readonly isDataset?: boolean;
    /** Where the item is that was read last, in words: a file, `line 12`. `undefined` where only its position tells. */
    place?(): string | undefined;
    /** How much was read until now, as a share from 0 to 1; `undefined` where the end is not known. */
    progress(): number | undefined;
}

/** A source that is missing, or that cannot be read to its end. Trying again does not help before it is mended. */
export class SourceError extends Error {
    override name = 'SourceError';

    constructor(source: string, message: string, options?: ErrorOptions) {
        super(`${source}: ${message}`, options);
    }
}
