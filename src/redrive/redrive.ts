import type { Dataset } from 'apify';

import { createIdReader, readStoredItem } from '../apify/redrive-storages.js';
import type { ItemSink } from '../ports.js';
import type { Dictionary, QuarantineRecord } from '../records.js';
import { isQuarantineRecord } from '../records.js';
import { Batch } from './batch.js';
import type { Candidate } from './candidates.js';
import { reasonToSkip } from './candidates.js';
import type { Journal, Reached } from './journal.js';
import type { Lock } from './lock.js';
import type { ResolvedRedrive } from './options.js';
import { readCandidates } from './quarantine-reader.js';
import type { RedriveResult } from './result.js';
import { RedriveCounts } from './result.js';
import type { Target } from './target.js';
import type { Targets } from './targets.js';

export interface RedriveParts {
    options: ResolvedRedrive;
    journal: Journal;
    /** Absent in a dry run. */
    lock: Lock | undefined;
    quarantine: Dataset;
    quarantineSink: ItemSink;
    targets: Targets;
    isRemote: boolean;
    batchItems: number;
    /** Called with each item that is about to be sent, as it was and as it is sent. */
    onItem?: ((record: QuarantineRecord, before: unknown, after: unknown) => void) | undefined;
}

/**
 * One pass over a quarantine: record → item → transform → repair → guard. The journal gets each batch before it is sent and its
 * outcome with the next batch, so that after a crash at any moment the next redrive can find out what was stored.
 */
export class Redrive {
    readonly #parts: RedriveParts;
    readonly #counts = new RedriveCounts();
    #batch: Batch | undefined;
    #isStopped = false;

    constructor(parts: RedriveParts) {
        this.#parts = parts;
    }

    async run(): Promise<RedriveResult> {
        const { journal, lock, quarantine, quarantineSink, options } = this.#parts;
        const idReader = createIdReader(quarantine, quarantineSink);
        for await (const candidate of readCandidates(quarantineSink, idReader, journal.redriven)) {
            if (options.signal?.aborted || this.#isStopped) break;
            await this.#process(candidate);
        }
        await this.#flush();
        if (!options.dryRun) {
            await lock?.checkIfReadable();
            await journal.save();
        }
        this.#counts.isComplete = !options.signal?.aborted && !this.#isStopped;
        return this.#counts.result();
    }

    async #process(candidate: Candidate): Promise<void> {
        const { record, position, original } = candidate;
        const { options, targets } = this.#parts;
        if (!isQuarantineRecord(record)) {
            this.#counts.fail(position, 'it is no quarantine record.');
            return;
        }
        if (original !== undefined) {
            this.#skipRepeat(original, position);
            return;
        }
        const reason = reasonToSkip(record, options);
        if (reason !== undefined) {
            this.#counts.skipped[reason]++;
            return;
        }
        const target = await targets.of(record);
        if (target === undefined) {
            this.#counts.fail(position, `its dataset ${record.datasetId} is gone. Name another as "dataset".`);
        } else if (record.redrive?.fingerprint === target.fingerprint && !options.retry) {
            // An earlier redrive tried it with the same schema, transform and repair, and it failed.
            this.#counts.skipped.unchanged++;
        } else {
            await this.#add(candidate, target);
        }
    }

    /** The item comes back with the first of the records; the repeat is redriven as soon as that one is. */
    #skipRepeat(original: number, position: number): void {
        const { journal } = this.#parts;
        this.#counts.skipped.repeated++;
        if (journal.redriven.has(original)) journal.settleRepeat(position);
        else this.#batch?.addRepeat(original, position);
    }

    async #add(candidate: Candidate, target: Target): Promise<void> {
        const made = await this.#makeItem(candidate, target);
        if (made === undefined) return;
        if (this.#batch !== undefined && this.#batch.target !== target) await this.#flush();
        this.#batch ??= new Batch(target, this.#parts.batchItems);
        this.#batch.add(candidate, made);
        if (this.#batch.isFull) await this.#flush();
    }

    /** Makes the item that is sent. Counts a record that has none, and leaves it. */
    async #makeItem({ position, record }: Candidate, target: Target) {
        const { quarantine, options, onItem } = this.#parts;
        try {
            const original = 'item' in record ? record.item : await readStoredItem(record, quarantine);
            if (original === undefined) throw new Error(`its item ${record.itemKey} is gone from its store.`);
            // A record `not-an-object` has an item of another type, as the option says.
            const copy = structuredClone(original) as Dictionary;
            const item = options.transform ? await options.transform(copy, record) : original;
            if (item === undefined) {
                this.#counts.skipped.byTransform++;
                return undefined;
            }
            const text = JSON.stringify(item) as string | undefined;
            if (text === undefined) throw new TypeError('transform returned what has no JSON.');
            // The journal must know the text that is stored.
            const repaired = target.repair(item);
            onItem?.(record, original, repaired ?? item);
            if (repaired === undefined) return { item, text, isRepaired: false };
            return { item: repaired, text: JSON.stringify(repaired), isRepaired: true };
        } catch (error) {
            this.#counts.fail(position, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
            return undefined;
        }
    }

    async #flush(): Promise<void> {
        const batch = this.#batch;
        this.#batch = undefined;
        if (batch === undefined || batch.isEmpty) return;
        if (this.#parts.options.dryRun) {
            const { storedItems, repairedItems, quarantinedItems } = batch.preview();
            this.#counts.repairedItems += repairedItems;
            this.#counts.storedItems += storedItems;
            this.#counts.quarantinedItems += quarantinedItems;
        } else {
            await this.#send(batch);
        }
        this.#parts.options.onProgress?.(this.#counts.result());
    }

    async #send(batch: Batch): Promise<void> {
        const { journal, lock, quarantineSink, isRemote } = this.#parts;
        const { target } = batch;
        await lock!.check();
        const datasetFrom = isRemote ? Math.max(target.position, reachedIn(target, journal.reached)) : target.position;
        await journal.begin(batch.intent({ datasetFrom, quarantineFrom: quarantineSink.knownItemCount }, !isRemote));
        const { stored, returned, trimmed, repairedItems } = await batch.send();
        journal.settle(batch.withRepeats([...stored, ...returned]), {
            datasetId: target.dataset.id,
            itemCount: target.position,
        });
        this.#counts.storedItems += stored.length;
        this.#counts.repairedItems += repairedItems;
        this.#counts.quarantinedItems += returned.length;
        for (const position of trimmed) this.#counts.fail(position, "the user's budget does not let its item through.");
        this.#isStopped = trimmed.length > 0;
    }
}

function reachedIn({ dataset }: Target, reached: Reached | undefined): number {
    return reached?.datasetId === dataset.id ? reached.itemCount : 0;
}
