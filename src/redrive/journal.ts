import type { JournalStore } from '../ports.js';
import { RedriveError } from '../errors.js';
import { Positions } from './positions.js';

/** A batch that is about to be sent, written before: a redrive that finds it finds out what was stored of it. */
export interface Intent {
    /** The positions of the records, in the order in which their items are sent. */
    positions: number[];
    /** The hash of each item as it is sent: see `hashOfItem`. */
    itemHashes: string[];
    /** By hash in `itemHashes`: the hash of such an item as it was sent once more, repaired after the platform had rejected it. */
    repairedHashes?: Record<string, string>;
    /**
     * Locally, where a killed process may leave half an item: the JSON of each, null for those that go back to the
     * quarantine.
     */
    itemTexts?: (string | null)[];
    /** The dataset to which the items go. */
    dataset: { id: string; name?: string };
    /** The items lie at or behind this position of that dataset. */
    datasetFrom: number;
    /** The records of those that fail again lie at or behind this position of the quarantine. */
    quarantineFrom: number;
    fingerprint: string;
}

/** A dataset holds at least this many items: the platform's own count lags behind. */
export interface Reached {
    datasetId: string;
    itemCount: number;
}

interface SavedJournal {
    version: 1;
    /** Positions of records whose item is stored, or back in quarantine with a record of its own. */
    redriven: string;
    reached?: Reached;
    intent?: Intent;
}

const KEY = 'STATE';

/** Remembers which records were redriven, in a store beside the quarantine, because a dataset can only grow. */
export class Journal {
    readonly #store: JournalStore;
    readonly redriven: Positions;
    reached: Reached | undefined;
    intent: Intent | undefined;
    #isUnsaved = false;

    private constructor(store: JournalStore, { redriven, reached, intent }: Partial<SavedJournal>) {
        this.#store = store;
        this.redriven = Positions.fromText(redriven ?? '');
        this.reached = reached;
        this.intent = intent;
    }

    /** @throws RedriveError where it cannot be parsed: without it everything would be sent again */
    static async open(store: JournalStore): Promise<Journal> {
        const text = await store.read(KEY);
        if (text === undefined) return new Journal(store, {});
        try {
            const saved = JSON.parse(text) as SavedJournal;
            if (saved.version !== 1) throw new TypeError(`its version is ${String(saved.version)}, expected 1`);
            return new Journal(store, saved);
        } catch (error) {
            throw new RedriveError(
                `The journal of redrives cannot be parsed (record ${KEY} of ${store.name}): ${(error as Error).message}. ` +
                    'Repair the record; without it, items would be sent twice.',
                { cause: error },
            );
        }
    }

    /** Writes the intent, before its items are sent. */
    async begin(intent: Intent): Promise<void> {
        this.intent = intent;
        await this.#save();
    }

    /** Writes hashes of items before they are sent once more, repaired after the platform had rejected them. */
    async noteRepaired(hashes: readonly (readonly [before: string, after: string])[]): Promise<void> {
        if (this.intent === undefined) return;
        this.intent.repairedHashes = { ...this.intent.repairedHashes, ...Object.fromEntries(hashes) };
        await this.#save();
    }

    /** The intent is settled: the records at `positions` are done with. Written with the next intent, or by `save`. */
    settle(positions: readonly number[], reached: Reached | undefined): void {
        for (const position of positions) this.redriven.add(position);
        this.reached = reached ?? this.reached;
        this.intent = undefined;
        this.#isUnsaved = true;
    }

    /** The record at `position` repeats one that is done with. Written as `settle` says. */
    settleRepeat(position: number): void {
        this.redriven.add(position);
        this.#isUnsaved = true;
    }

    async save(): Promise<void> {
        if (this.#isUnsaved) await this.#save();
    }

    async #save(): Promise<void> {
        const saved: SavedJournal = {
            version: 1,
            redriven: this.redriven.toText(),
            ...(this.reached && { reached: this.reached }),
            ...(this.intent && { intent: this.intent }),
        };
        await this.#store.write(KEY, JSON.stringify(saved));
        this.#isUnsaved = false;
    }
}
