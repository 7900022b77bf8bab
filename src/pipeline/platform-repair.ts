import type { Delivery } from '../delivery/delivery.js';
import type { DeliverOptions, DeliveryOutcome, PlatformRejection } from '../delivery/progress.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { Batch } from './batch.js';
import type { RepairByErrors } from './repair/repair-by-errors.js';
import type { Repairer } from './repair/repairer.js';
import type { Repair } from './repair/repairs.js';

/** Requests for the rejected items of one payload: each can bring another layer of errors to light. */
const MAX_REQUESTS = 4;

interface Candidate {
    index: number;
    session: RepairByErrors;
    errors: PlatformRejection['errors'];
}

interface Attempt extends Candidate {
    text: string;
    repairs: readonly Repair[];
}

/** Repairs what the platform rejects with the platform's errors, and sends all rejected items of a payload together. */
export class PlatformRepair {
    readonly #repairer: Repairer;
    readonly #delivery: Delivery;

    constructor(repairer: Repairer, delivery: Delivery) {
        this.#repairer = repairer;
        this.#delivery = delivery;
    }

    /** The outcome of the batch after the repair. What could not be repaired stays rejected, as it was. */
    async repair(
        batch: Batch,
        outcome: DeliveryOutcome,
        options: Pick<DeliverOptions, 'isAbandoned' | 'isLastTry'>,
    ): Promise<DeliveryOutcome> {
        if (outcome.failure !== undefined) return outcome;
        const settled = new Set<number>();
        let unsent: number[] = [];
        let failure: DeliveryOutcome['failure'];
        let candidates = this.#candidates(batch, outcome.rejected);
        let requests = 0;
        while (failure === undefined) {
            const attempts = candidates.flatMap((candidate) => attemptOf(candidate) ?? []);
            // Where some are rejected again, the rest takes a request more.
            const needed = attempts.length > 1 ? 2 : 1;
            if (attempts.length === 0 || requests + needed > MAX_REQUESTS) break;
            const { rejected, disputed, ...result } = await this.#delivery.deliver(
                PayloadWriter.of(attempts.map(({ text }) => text)),
                options,
            );
            requests += rejected.length > 0 && rejected.length < attempts.length ? 2 : 1;
            failure = result.failure;
            unsent = result.unsent.flatMap(({ indexes }) => indexes.map((position) => attempts[position]!.index));
            const others = new Set([...rejected, ...disputed].map(({ index }) => index));
            for (const [position, { index, text, repairs }] of attempts.entries()) {
                if (others.has(position) || unsent.includes(index)) continue;
                batch.repairedByErrors(index, text, repairs);
                settled.add(index);
            }
            candidates = rejected
                .filter(({ reason }) => reason === 'schema')
                .map(({ index, errors }) => ({ ...attempts[index]!, errors }));
        }
        return {
            rejected: outcome.rejected.filter(({ index }) => !settled.has(index) && !unsent.includes(index)),
            disputed: outcome.disputed,
            // They are sent again as they are, and repaired again.
            unsent: [...outcome.unsent, ...(unsent.length > 0 ? [{ indexes: unsent }] : [])],
            ...(failure && { failure }),
        };
    }

    #candidates({ payload }: Batch, rejected: readonly PlatformRejection[]): Candidate[] {
        return rejected.flatMap(({ index, reason, errors }) => {
            if (reason !== 'schema') return [];
            const item: unknown = JSON.parse(payload.itemText(index));
            const session = this.#repairer.repairByErrors(item, payload.itemBytes(index));
            return session === undefined ? [] : { index, session, errors };
        });
    }
}

function attemptOf(candidate: Candidate): Attempt | undefined {
    try {
        const next = candidate.session.next(candidate.errors);
        return next && { ...candidate, text: JSON.stringify(next.item), repairs: next.repairs };
    } catch {
        // An item of a thousand levels is more than the stack holds.
        return undefined;
    }
}
