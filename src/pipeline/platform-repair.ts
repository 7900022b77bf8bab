import type { Delivery } from '../delivery/delivery.js';
import type { DeliverOptions, DeliveryOutcome, PlatformRejection, UnsentPart } from '../delivery/progress.js';
import type { ItemError } from '../records.js';
import type { Batch } from './batch.js';
import type { Duplicates } from './duplicates.js';
import type { RepairByErrors } from './repair/repair-by-errors.js';
import type { Repairer } from './repair/repairer.js';
import type { Repair } from './repair/repairs.js';
import { snapshotOfRepaired } from './snapshot.js';

/** Requests for the rejected items of one payload: each can bring another layer of errors to light. */
const MAX_REQUESTS = 4;
const NO_KEY = { key: undefined };

type RepairOptions = Pick<DeliverOptions, 'isAbandoned' | 'isLastTry'>;

interface Candidate {
    index: number;
    session: RepairByErrors;
    errors: PlatformRejection['errors'];
}

export interface RepairedText {
    asPushed: string;
    asSent: string;
}

/** Called before items are sent that the platform's errors had repaired, with the JSON of each as it was pushed and as it is sent. */
export type OnRepaired = (repaired: readonly RepairedText[]) => Promise<void>;

/** Repairs what the platform rejects with the platform's errors, and sends all rejected items of a payload together. */
export class PlatformRepair {
    readonly #repairer: Repairer;
    readonly #delivery: Delivery;
    readonly #duplicates: Duplicates | undefined;
    readonly #onRepaired: OnRepaired | undefined;

    /** `duplicates` is undefined where items have no key. */
    constructor(
        repairer: Repairer,
        delivery: Delivery,
        duplicates: Duplicates | undefined,
        onRepaired: OnRepaired | undefined,
    ) {
        this.#repairer = repairer;
        this.#delivery = delivery;
        this.#duplicates = duplicates;
        this.#onRepaired = onRepaired;
    }

    /** The outcome of the batch after the repair. What could not be repaired stays rejected, as it was. */
    async repair(batch: Batch, outcome: DeliveryOutcome, options: RepairOptions): Promise<DeliveryOutcome> {
        if (outcome.failure !== undefined) return this.#postpone(batch, outcome);
        const repaired = new Set<number>();
        let unsent: UnsentPart[] = [];
        let failure: DeliveryOutcome['failure'];
        let candidates = this.#candidates(batch, outcome.rejected);
        let requests = 0;
        while (failure === undefined) {
            const attempts = candidates.filter(({ index, session, errors }) =>
                this.repairNext(batch, index, session, errors),
            );
            // Where some are rejected again, the rest takes a request more.
            const needed = attempts.length > 1 ? 2 : 1;
            if (attempts.length === 0) break;
            if (requests + needed > MAX_REQUESTS) {
                for (const { index } of attempts) batch.repaired.rejected(index);
                break;
            }
            const { rejected, disputed, ...result } = await this.#send(batch, attempts, options);
            requests += rejected.length > 0 && rejected.length < attempts.length ? 2 : 1;
            failure = result.failure;
            unsent = result.unsent;
            for (const { index } of attempts) repaired.add(index);
            for (const { index: position } of [...rejected, ...disputed]) {
                const { index } = attempts[position]!;
                batch.repaired.rejected(index);
                repaired.delete(index);
            }
            candidates = rejected
                .filter(({ reason }) => reason === 'schema')
                .map(({ index, errors }) => ({ ...attempts[index]!, errors }));
        }
        return {
            // Unsent items are sent again as they were repaired.
            rejected: outcome.rejected.filter(({ index }) => !repaired.has(index)),
            disputed: outcome.disputed,
            unsent: [...outcome.unsent, ...unsent],
            ...(failure && { failure }),
        };
    }

    /** Nothing can be sent now: what may be repaired is sent again with the rest, and is rejected and repaired then. */
    #postpone(batch: Batch, outcome: DeliveryOutcome): DeliveryOutcome {
        const indexes = this.#candidates(batch, outcome.rejected).map(({ index }) => index);
        if (indexes.length === 0) return outcome;
        return {
            ...outcome,
            rejected: outcome.rejected.filter(({ index }) => !indexes.includes(index)),
            unsent: [...outcome.unsent, { indexes }],
        };
    }

    async #send(batch: Batch, attempts: readonly Candidate[], options: RepairOptions): Promise<DeliveryOutcome> {
        const indexes = attempts.map(({ index }) => index);
        const texts = indexes.map((index) => ({
            asPushed: batch.textAsPushed(index),
            asSent: batch.storedText(index),
        }));
        try {
            await this.#onRepaired?.(texts);
        } catch (error) {
            const failure = { error: error as Error, permanent: false };
            return { rejected: [], disputed: [], unsent: [{ indexes }], failure };
        }
        const outcome = await this.#delivery.deliver(batch.payloadOf(indexes), {
            ...options,
            // An earlier process may have repaired them in the same way and stored them.
            unknown: batch.unknown,
            onStored: (positions) => batch.storedSoFar([...positions].map((position) => indexes[position]!)),
        });
        const unsent = outcome.unsent.map((part) => ({
            ...part,
            indexes: part.indexes.map((position) => indexes[position]!),
        }));
        return { ...outcome, unsent };
    }

    /** Begins the repair of an item of a batch that the platform rejects; `undefined` where its errors are not repaired. */
    begin({ payload }: Batch, index: number): RepairByErrors | undefined {
        return this.#repairer.repairByErrors(JSON.parse(payload.itemText(index)), payload.itemBytes(index));
    }

    /**
     * Repairs the item once more, by the errors of its last rejection. From here on the batch has it as it was repaired, whatever
     * becomes of the request. Returns false where it cannot be repaired, or only to the key of another item.
     */
    repairNext(
        batch: Batch,
        index: number,
        session: RepairByErrors | undefined,
        errors: readonly ItemError[],
    ): boolean {
        const next = nextRepair(session, errors);
        if (next === undefined) return false;
        const rekeyed =
            this.#duplicates === undefined ? NO_KEY : this.#duplicates.rekey(batch.keys.at(index), next.text);
        if (rekeyed === undefined) return false;
        batch.sendRepaired(index, next.text, next.repairs, rekeyed.key);
        return true;
    }

    #candidates(batch: Batch, rejected: readonly PlatformRejection[]): Candidate[] {
        return rejected.flatMap(({ index, reason, errors }) => {
            if (reason !== 'schema') return [];
            const session = this.begin(batch, index);
            return session === undefined ? [] : { index, session, errors };
        });
    }
}

/** JSON of the item as it is to be sent next, and what was repaired of it; `undefined` where it cannot be repaired. */
function nextRepair(
    session: RepairByErrors | undefined,
    errors: readonly ItemError[],
): { text: string; repairs: readonly Repair[] } | undefined {
    try {
        const next = session?.next(errors);
        if (next === undefined) return undefined;
        const text = snapshotOfRepaired(next.item);
        return text === undefined ? undefined : { text, repairs: next.repairs };
    } catch {
        // An item of a thousand levels is more than the stack holds.
        return undefined;
    }
}
