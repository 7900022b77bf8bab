import type { RequestSender, UnknownOutcome } from '../delivery/retry.js';
import { PayloadWriter } from '../delivery/payload.js';
import type { Counters } from '../quality/counters.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import type { Clock } from '../utils/clock.js';
import type { Writable } from '../utils/writable.js';
import type { PushSource } from '../waiter.js';
import { isAwaited, Waiter } from '../waiter.js';
import type { BatchIdentity } from './batch-identity.js';
import { partOfIdentity } from './batch-identity.js';
import type { ItemBuffer } from './buffer.js';
import type { Duplicates } from './duplicates.js';
import type { RepairedItem } from './repair/repairs.js';
import { readSavedRepair, saveRepair } from './repair/saved-repair.js';
import type { StoredItems } from './stored-items.js';

/** Items and records that a process could not send, for the next process of the run. */
export interface UnsentItems {
    batches: UnsentBatch[];
    /** Quarantine records, as `Quarantine.unwritten` gives them. */
    records: string[];
}

export interface UnsentBatch {
    /** Set where the items may have been stored: they lie at this offset or behind it. */
    from?: number | undefined;
    /** The items wait beside others with their keys, which are in the batches before. */
    isWaiting?: boolean | undefined;
    /** Of items that wait: see `AdmittedItem`. */
    recordIds?: string[] | undefined;
    /** JSON of the items. */
    lines: string[];
    /** The repaired ones, as `saveRepair` writes them; absent where none was repaired. */
    repaired?: string[];
    identity?: BatchIdentity | undefined;
}

export interface HandoverOptions {
    buffer: ItemBuffer;
    /** Undefined where items have no key. */
    duplicates: Duplicates | undefined;
    storedItems: StoredItems;
    quarantine: Quarantine;
    sender: RequestSender;
    counters: Counters;
    clock: Clock;
}

/** Hands what is pending over to the next process of the run, and tells callers for whom that is enough. */
export class Handover {
    readonly #options: HandoverOptions;
    /** Pushes that were acknowledged by the buffer after an end of the run was announced. */
    readonly #unsecured = new Set<() => void>();
    /** Set where the run is about to go on in another process: resolves when what is counted now is saved for that. */
    readonly saveCounts: (() => Promise<void>) | undefined;

    constructor(options: HandoverOptions) {
        this.#options = options;
    }

    /** Items that are stored from now on, or are under way, lie at this position of the dataset or behind it. */
    get unsettledFrom(): number {
        const { buffer, sender } = this.#options;
        return Math.min(sender.position, ...buffer.batches.flatMap(({ savedFrom }) => savedFrom ?? []));
    }

    /** Collects the items that another process of the run has to send; where `isAll` is false, only those that no caller waits for. */
    unsent(isAll: boolean): UnsentItems {
        const { buffer, duplicates, quarantine, sender } = this.#options;
        const isMeant = ({ source }: { source: PushSource | undefined }) => isAll || !isAwaited(source);
        const batches = buffer.batches.map((batch): UnsentBatch => {
            const items = [...batch.items()].filter(isMeant);
            const texts = items.map(({ index, repaired }) => ({ text: batch.storedText(index), repaired }));
            const identity = batch.identityOf(items.map(({ index }) => index));
            // While it is saved it may be sent, so the next process looks for it in any case.
            return { ...unsentBatch(batch.savedFrom ?? sender.position, texts), identity };
        });
        const waiting = (duplicates?.waiting ?? []).filter(isMeant);
        const recordIds = waiting.map(({ recordId }) => recordId!);
        batches.push({ ...unsentBatch(sender.position, waiting), isWaiting: true, recordIds });
        return { batches: batches.filter(({ lines }) => lines.length > 0), records: quarantine.unwritten(isAll) };
    }

    /** Restores what an earlier process of the run left. To be called before any item comes in. @throws SyntaxError, TypeError */
    restore({ batches, records }: UnsentItems): void {
        const { quarantine, counters } = this.#options;
        for (const batch of batches) this.#restoreBatch(batch);
        counters.received(quarantine.restore(records));
    }

    #restoreBatch({ from, lines, repaired = [], identity, isWaiting = false, recordIds }: UnsentBatch): void {
        const { buffer, duplicates, storedItems, counters, clock } = this.#options;
        const unknown: UnknownOutcome | undefined =
            from === undefined ? undefined : { from, sentBefore: clock.monotonic(), isSplit: true };
        counters.received(lines.length);
        const repairs = new Map(repaired.map(readSavedRepair));
        const saved = lines.map((text, index) => ({
            text,
            repaired: repairs.get(index),
            recordId: recordIds?.[index],
        }));
        const { toSend, stored } = duplicates?.restore(saved, isWaiting) ?? { toSend: saved, stored: [] };
        for (const item of stored) storedItems.countRestored(item);
        const items = toSend.filter((item) => item !== undefined);
        if (items.length === 0) return;
        const indexes = toSend.flatMap((item, index) => (item === undefined ? [] : index));
        const payload = PayloadWriter.of(items.map(({ text }) => text));
        buffer.restore(payload, unknown, items, identity && partOfIdentity(identity, indexes));
    }

    /**
     * To be called when what is pending is collected to be saved. Returns what to call once that is saved with the run: callers
     * whose items are all in it need not wait any more. Where `isAll` is false, those who wait for their items to be stored do.
     */
    rememberWaiters(isAll: boolean): () => void {
        const { buffer, duplicates, quarantine } = this.#options;
        const all = new Set([
            ...buffer.batches.flatMap(({ sources }) => sources.waiters),
            ...quarantine.waiters,
            ...(duplicates?.waiting ?? []).flatMap(({ source }) => (source instanceof Waiter ? source : [])),
        ]);
        const remembered = [...all].map((waiter) => ({ waiter, expectedItems: waiter.expectedItems }));
        const unsecured = [...this.#unsecured];
        return () => {
            if (isAll) for (const { waiter, expectedItems } of remembered) waiter.saved(expectedItems);
            for (const resolve of unsecured) resolve();
        };
    }

    /** Resolves with `sent`, or when what is pending now is saved with the run, or when the run goes on after all. */
    async sentOrSaved(sent: Promise<void>): Promise<void> {
        let resolve: () => void = () => undefined;
        const secured = new Promise<void>((done) => {
            resolve = done;
        });
        this.#unsecured.add(resolve);
        // Items that cannot be sent are saved.
        sent.then(resolve, () => undefined);
        await secured;
        this.#unsecured.delete(resolve);
    }

    /** No end of the run is announced any more: nobody waits until something is saved. */
    runGoesOn(): void {
        for (const resolve of this.#unsecured) resolve();
    }

    /**
     * The run is about to go on in another process. From now on a push resolves only when `saveCounts` has, so that the next process
     * counts what was acknowledged. `undefined`: the run stays.
     */
    announceMove(saveCounts: (() => Promise<void>) | undefined): void {
        (this as Writable<Handover>).saveCounts = saveCounts;
    }
}

function unsentBatch(
    from: number,
    items: readonly { text: string; repaired?: RepairedItem | undefined }[],
): UnsentBatch {
    const repaired = items.flatMap((item, index) => (item.repaired ? saveRepair(index, item.repaired) : []));
    return { from, lines: items.map(({ text }) => text), ...(repaired.length > 0 && { repaired }) };
}
