import type { JournalStore } from '../ports.js';
import { RedriveError } from '../errors.js';
import { Positions } from './positions.js';

/** What is about to be sent, written down before: whoever finds it open looks what became of it. */
export interface Intent {
    /** Of the records, in the order in which their items are sent. */
    positions: number[];
    /** Of each item, as it is sent: see `hashOfItem`. */
    itemHashes: string[];
    /**
     * On a laptop, where a killed process may leave half an item: the JSON of each, null for those that go back to the
     * quarantine.
     */
    itemTexts?: (string | null)[];
    /** Where the items go. */
    dataset: { id: string; name?: string };
    /** Behind so many items of that dataset they are, at the earliest. */
    datasetFrom: number;
    /** Behind so many records of the quarantine are those that return, at the earliest. */
    quarantineFrom: number;
    fingerprint: string;
}

/** How far a dataset is known to be filled: the platform's own count lags behind. */
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

/** What was redriven, kept beside the quarantine: a dataset can only grow. */
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

    /** @throws RedriveError where it cannot be understood: to go on without it would send everything again */
    static async open(store: JournalStore): Promise<Journal> {
        const text = await store.read(KEY);
        if (text === undefined) return new Journal(store, {});
        try {
            const saved = JSON.parse(text) as SavedJournal;
            if (saved.version !== 1) throw new TypeError(`its version is ${String(saved.version)}, expected 1`);
            return new Journal(store, saved);
        } catch (error) {
            throw new RedriveError(
                `What was redriven cannot be read: record ${KEY} of ${store.name}: ${(error as Error).message}. ` +
                    'Mend it; without it, items would be sent twice.',
                { cause: error },
            );
        }
    }

    /** Writes down what is about to be sent. */
    async begin(intent: Intent): Promise<void> {
        this.intent = intent;
        await this.#save();
    }

    /** The intent is settled: the records at `positions` are done with. Written with the next intent, or by `save`. */
    settle(positions: readonly number[], reached: Reached | undefined): void {
        for (const position of positions) this.redriven.add(position);
        this.reached = reached ?? this.reached;
        this.intent = undefined;
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
