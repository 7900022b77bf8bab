import { datasetKeyOf, findDatasetOf, openNamedDataset } from '../apify/redrive-storages.js';
import { InvalidOptionsError } from '../errors.js';
import type { QuarantineRecord } from '../records.js';
import type { ResolvedRedrive } from './options.js';
import type { Target, TargetParts } from './target.js';
import { openTarget } from './target.js';

/** Opens the target of a record. Keeps the last one, because neighbours mostly have the same. */
export class Targets {
    readonly #options: ResolvedRedrive;
    readonly #parts: TargetParts;
    readonly #quarantineId: string;
    #key: string | undefined;
    #target: Target | undefined;

    constructor(options: ResolvedRedrive, parts: TargetParts, quarantineId: string) {
        this.#options = options;
        this.#parts = parts;
        this.#quarantineId = quarantineId;
    }

    /** `undefined` where the record's dataset is gone. */
    async of(record: QuarantineRecord): Promise<Target | undefined> {
        const { dataset } = this.#options.guard;
        const key = dataset === undefined ? datasetKeyOf(record) : '';
        if (key !== this.#key) {
            const opened = dataset === undefined ? await findDatasetOf(record) : await this.#openGiven();
            this.#target = opened && (await openTarget(opened, this.#parts));
            this.#key = key;
        }
        return this.#target;
    }

    async #openGiven() {
        const { guard, dryRun = false } = this.#options;
        const { dataset } = guard;
        const isOpen = typeof dataset === 'object' && 'pushData' in dataset;
        const opened = isOpen ? dataset : await openNamedDataset(dataset!, dryRun);
        if (opened === undefined) {
            throw new InvalidOptionsError(
                'dataset',
                'There is no such dataset yet, so a dry run cannot tell its schema.',
            );
        }
        if (opened.id === this.#quarantineId) {
            throw new InvalidOptionsError(
                'dataset',
                'Option "dataset" is the quarantine that the items come from. Expected the dataset that they are to go to.',
            );
        }
        return opened;
    }
}
