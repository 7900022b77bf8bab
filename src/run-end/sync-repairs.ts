import type { Batch } from '../pipeline/batch.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PlatformRepair } from '../pipeline/platform-repair.js';
import type { Rejection } from '../quarantine/record.js';

/** Each brings another layer of errors to light, and costs a start of the child. */
const MAX_REPAIR_ATTEMPTS = 4;

export type ItemRejection = Omit<Rejection, 'rejectedBy'>;

interface RejectedItemRepair {
    /** Of the item as it was pushed. */
    rejection: ItemRejection;
    session: ReturnType<PlatformRepair['begin']>;
    attempts: number;
}

/** Repairs items that the platform rejects while the process ends, or sets them aside. */
export class SyncRepairs {
    readonly #pipeline: Pick<Pipeline, 'platformRepair' | 'settler'>;
    /** By batch and index. */
    readonly #repairs = new Map<Batch, Map<number, RejectedItemRepair>>();

    constructor(pipeline: Pick<Pipeline, 'platformRepair' | 'settler'>) {
        this.#pipeline = pipeline;
    }

    /** Returns whether the item was repaired. If not, it belongs in quarantine with its first errors, those of the item as it was pushed. */
    repairOrSetAside(batch: Batch, index: number, rejection: ItemRejection): boolean {
        const { platformRepair, settler } = this.#pipeline;
        const repairs = this.#repairs.get(batch) ?? new Map<number, RejectedItemRepair>();
        this.#repairs.set(batch, repairs);
        const repair = repairs.get(index) ?? {
            rejection,
            session: platformRepair?.begin(batch, index),
            attempts: 0,
        };
        repairs.set(index, repair);
        const isTried = rejection.reason === 'schema' && repair.attempts++ < MAX_REPAIR_ATTEMPTS;
        if (isTried && platformRepair?.repairNext(batch, index, repair.session, rejection.errors)) return true;
        batch.repaired.rejected(index);
        settler.rejected(batch, batch.item(index), repair.rejection);
        return false;
    }
}
