import type { Dataset } from 'apify';

import { readStoredItem } from '../apify/redrive-storages.js';
import type { ItemSink } from '../ports.js';
import type { Dictionary, QuarantineRecord } from '../records.js';
import { Batch } from './batch.js';
import type { Candidate } from './candidates.js';
import { isOwnReturn, readCandidates, reasonToSkip } from './candidates.js';
import type { Journal, Reached } from './journal.js';
import type { Lock } from './lock.js';
import type { ResolvedRedrive } from './options.js';
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
    /** Milliseconds since the epoch. */
    startedAt: number;
    isRemote: boolean;
    batchItems: number;
}

/**
 * One way through a quarantine: record → item → transform → guard. What a batch is about to send is written down before it
 * is sent, and what came of it with the next one, so that at every moment it can be found out what has happened.
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
        const { journal, lock, quarantineSink, options } = this.#parts;
        const list = async (offset: number, limit: number) => (await quarantineSink.list(offset, limit))?.items;
        for await (const candidate of readCandidates(list, journal.redriven)) {
            if (options.signal?.aborted || this.#isStopped) break;
            await this.#take(candidate);
        }
        await this.#flush();
        if (!options.dryRun) {
            await lock?.checkIfReadable();
            await journal.save();
        }
        this.#counts.isComplete = !options.signal?.aborted && !this.#isStopped;
        return this.#counts.result();
    }

    async #take(candidate: Candidate): Promise<void> {
        const { record, position } = candidate;
        const { options, targets, startedAt } = this.#parts;
        if (!isRecord(record)) {
            this.#counts.fail(position, 'is no quarantine record.');
            return;
        }
        if (isOwnReturn(record, startedAt)) return;
        const reason = reasonToSkip(record, options);
        if (reason !== undefined) {
            this.#counts.skipped[reason]++;
            return;
        }
        const target = await targets.of(record);
        if (target === undefined) {
            this.#counts.fail(position, `its dataset ${record.datasetId} is gone. Name another as "dataset".`);
        } else if (record.redrive?.fingerprint === target.fingerprint && !options.retry) {
            // An earlier redrive tried it in vain with the same.
            this.#counts.skipped.unchanged++;
        } else {
            await this.#add(candidate, target);
        }
    }

    async #add(candidate: Candidate, target: Target): Promise<void> {
        const made = await this.#makeItem(candidate);
        if (made === undefined) return;
        if (this.#batch !== undefined && this.#batch.target !== target) await this.#flush();
        this.#batch ??= new Batch(target, this.#parts.batchItems);
        this.#batch.add(candidate, made.item, made.text);
        if (this.#batch.isFull) await this.#flush();
    }

    /** The item as it is sent. A record that cannot give one is counted, and left. */
    async #makeItem({ position, record }: Candidate): Promise<{ item: unknown; text: string } | undefined> {
        const { quarantine, options } = this.#parts;
        try {
            const original = 'item' in record ? record.item : await readStoredItem(record, quarantine);
            if (original === undefined) throw new Error(`its item ${record.itemKey} is gone from its store.`);
            // Of a record `not-an-object` it is something else, as the option says.
            const copy = structuredClone(original) as Dictionary;
            const item = options.transform ? await options.transform(copy, record) : original;
            if (item === undefined) {
                this.#counts.skipped.byTransform++;
                return undefined;
            }
            const text = JSON.stringify(item) as string | undefined;
            if (text === undefined) throw new TypeError('transform returned what has no JSON.');
            return { item, text };
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
            const { storedItems, quarantinedItems } = batch.preview();
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
        const { stored, returned, trimmed } = await batch.send();
        journal.settle([...stored, ...returned], { datasetId: target.dataset.id, itemCount: target.position });
        this.#counts.storedItems += stored.length;
        this.#counts.quarantinedItems += returned.length;
        for (const position of trimmed) this.#counts.fail(position, "the user's budget does not let its item through.");
        this.#isStopped = trimmed.length > 0;
    }
}

function reachedIn({ dataset }: Target, reached: Reached | undefined): number {
    return reached?.datasetId === dataset.id ? reached.itemCount : 0;
}

function isRecord(record: Partial<QuarantineRecord> | null): record is QuarantineRecord {
    return typeof record?.reason === 'string' && Array.isArray(record.errors) && typeof record.datasetId === 'string';
}
