import type { RejectedItem } from '../errors.js';
import type { Examined } from '../flow/intake.js';
import type { Owner } from '../ports.js';
import type { QuarantineRecord, RequestInfo } from '../records.js';

/** One push whose caller waits until its items are stored or quarantined. */
export class PushCall implements Owner {
    storedItems = 0;
    quarantinedItems = 0;
    /** Items that could not be sent; the caller pushes them again. */
    takenBackItems = 0;
    /** Items of the call that were rejected, here or by the platform. */
    readonly rejectedItems: RejectedItem[] = [];
    readonly request?: RequestInfo;
    readonly record?: Partial<QuarantineRecord>;
    #outstanding = 0;
    #error: Error | undefined;
    #waiting: (() => void) | undefined;

    constructor(request?: RequestInfo, record?: Partial<QuarantineRecord>) {
        if (record !== undefined) this.record = record;
        if (request !== undefined) this.request = request;
    }

    /** One more item of this call is on its way. */
    expectItem(_item: Examined): void {
        this.#outstanding++;
    }

    settle({ stored = 0, quarantined = 0, takenBack = 0, error }: Parameters<Owner['settle']>[0]): void {
        this.storedItems += stored;
        this.quarantinedItems += quarantined;
        this.takenBackItems += takenBack;
        this.#outstanding -= stored + quarantined + takenBack;
        this.#error ??= error;
        if (this.#outstanding === 0) this.#waiting?.();
    }

    onRejected({ itemPosition, errors }: RejectedItem): void {
        this.rejectedItems.push({ itemPosition, errors });
    }

    /** The first error that took items back. */
    get error(): Error | undefined {
        return this.#error;
    }

    /** The call rejects with `error` once its items have settled. */
    fail(error: Error): void {
        this.#error ??= error;
    }

    /** Resolves when no item of the call is on its way any more. */
    async settled(): Promise<void> {
        if (this.#outstanding === 0) return;
        await new Promise<void>((resolve) => {
            this.#waiting = resolve;
        });
    }
}
