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
    #key: string | undefined;
    #target: Target | undefined;

    constructor(options: ResolvedRedrive, parts: TargetParts) {
        this.#options = options;
        this.#parts = parts;
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
        if (typeof dataset === 'object' && 'pushData' in dataset) return dataset;
        const opened = await openNamedDataset(dataset!, dryRun);
        if (opened !== undefined) return opened;
        throw new InvalidOptionsError('dataset', 'There is no such dataset yet, so a dry run cannot tell its schema.');
    }
}
