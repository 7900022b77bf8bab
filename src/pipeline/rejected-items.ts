import type { Log } from '../ports.js';
import { maskError } from '../quality/redact.js';
import type { Redactor } from '../quality/redact.js';
import { describeReason } from '../quality/reasons.js';
import type { Quarantine } from '../quarantine/quarantine.js';
import type { Rejection } from '../quarantine/record.js';
import type { ItemError } from '../records.js';
import type { Statistics } from '../report/statistics.js';
import type { SecretRemover } from '../utils/secrets.js';
import type { PushSource } from '../waiter.js';
import { Waiter } from '../waiter.js';
import type { AdmittedItem } from './duplicates.js';
import type { PreparedItem } from './prepare.js';

const DUPLICATE_ERROR: Readonly<ItemError> = Object.freeze({
    instancePath: '',
    schemaPath: '',
    keyword: 'duplicate',
    params: {},
    message: 'has the key of an item that is stored',
});

export interface RejectedItemsOptions {
    statistics: Statistics;
    quarantine: Quarantine;
    redactor: Redactor;
    removeSecrets: SecretRemover;
    log: Log;
}

/** Counts why items fail, logs each reason when it is first seen, and hands the items to the quarantine. */
export class RejectedItems {
    readonly #options: RejectedItemsOptions;
    #hasSaidThatThereAreMore = false;
    #hasSaidThatItIsAPromise = false;

    constructor(options: RejectedItemsOptions) {
        this.#options = options;
    }

    /** The item goes to the quarantine. */
    add(rejection: Rejection, text: string | undefined, source: PushSource | undefined, position: number): void {
        const { statistics, quarantine } = this.#options;
        statistics.counters.rejected(1);
        this.#count(rejection, text, source, `Rejected by the ${rejection.rejectedBy}`);
        if (source instanceof Waiter) source.rejected(position, rejection.errors);
        quarantine.add({ ...rejection, errors: this.#recordErrors(rejection, text) }, text, source, position);
    }

    /** Nothing is wrong with it: it counts neither for the tolerance nor as an item of the call that was rejected. */
    addDuplicate({ text: itemText, repaired, source, position, recordId }: AdmittedItem): void {
        const { statistics, quarantine, redactor } = this.#options;
        const text = repaired?.asPushed ?? itemText;
        const errors = [{ ...DUPLICATE_ERROR }];
        const rejection: Rejection = {
            reason: 'duplicate',
            rejectedBy: 'guard',
            errors,
            itemPosition: position,
            ...(recordId !== undefined && { recordId }),
        };
        const url = source?.request?.url;
        statistics.countReasons({ ...rejection, item: () => redactor.shown(text), ...(url && { url }) });
        quarantine.add(rejection, text, source, position);
    }

    /** `mode: 'warn'`: the item is sent nevertheless. */
    countWarned(warning: Rejection, text: string | undefined): void {
        this.#count(warning, text, undefined, 'Against the schema');
    }

    /** Its JSON is `{}`, and is taken or rejected as that: the SDK would store it. */
    sayThatItIsAPromise(): void {
        if (this.#hasSaidThatItIsAPromise) return;
        this.#hasSaidThatItIsAPromise = true;
        this.#options.log.warning(
            'A promise was pushed as an item, and its JSON is {}. Await what makes the item: pushData(await makeItem()), or pushData(await Promise.all(promises)). Logged once.',
        );
    }

    /** `mode: 'fail'`: some items of a call failed, and the call takes all or none. */
    countCall(all: readonly PreparedItem[]): void {
        const { counters } = this.#options.statistics;
        for (const { rejection, text } of all) {
            if (rejection !== undefined) this.#count(rejection, text, undefined, 'Rejected by the guard');
        }
        counters.received(all.length);
        counters.givenBack(all.length);
    }

    #count(
        { reason, rejectedBy, errors }: Rejection,
        text: string | undefined,
        source: PushSource | undefined,
        what: string,
    ): void {
        const { statistics, redactor, log } = this.#options;
        const item = () => redactor.shown(text);
        const url = source?.request?.url;
        for (const added of statistics.countReasons({ reason, rejectedBy, errors, item, ...(url && { url }) })) {
            log.warning(`${what}: ${describeReason(added)}. Counted from now on.`);
        }
        if (this.#hasSaidThatThereAreMore || !statistics.reasons.hasFurther) return;
        this.#hasSaidThatThereAreMore = true;
        log.warning('Items fail for further reasons. They are in the report, and not logged one by one.');
    }

    /** The errors as a record may have them: what the platform or an engine says may quote a secret. */
    #recordErrors({ errors, rejectedBy, reason }: Rejection, text: string | undefined): ItemError[] {
        const { redactor, statistics, removeSecrets } = this.#options;
        // Only a path below the item itself has names to be masked.
        const isInside = redactor.isActive && errors.some(({ instancePath }) => instancePath !== '');
        const item: unknown = isInside && text !== undefined ? JSON.parse(text) : undefined;
        const shown = redactor.isActive ? errors.map((error) => maskError(error, statistics.names, item)) : errors;
        if (rejectedBy === 'guard' && reason === 'schema') return shown;
        return shown.map((error) =>
            error.message === undefined ? error : { ...error, message: removeSecrets(error.message) },
        );
    }
}
