import type { Examined } from '../flow/intake.js';
import type { RequestInfo } from '../records.js';
import { PushCall } from './push-call.js';

/** The push of what a handler has collected. Knows afterwards which of its items a retry need not push again. */
export class HandlerCall extends PushCall {
    readonly items: readonly Examined[];
    /** False once the crawler does not wait for the handler any more. */
    readonly isCurrent?: () => boolean;
    readonly #taken: Examined[] = [];
    readonly #takenBack: (string | undefined)[] = [];

    constructor(items: readonly Examined[], request: RequestInfo, isCurrent?: () => boolean) {
        super(request);
        this.items = items;
        if (isCurrent !== undefined) this.isCurrent = isCurrent;
    }

    override expectItem(item: Examined): void {
        super.expectItem(item);
        this.#taken.push(item);
    }

    onTakenBack(itemText: string | undefined): void {
        this.#takenBack.push(itemText);
    }

    /** Once the call has settled: the items that are stored or quarantined, though others may have been taken back. */
    get doneItems(): readonly Examined[] {
        // Which item it was cannot be told: rather twice than not at all.
        if (this.#takenBack.includes(undefined)) return [];
        return without(this.#taken, this.#takenBack);
    }
}

/** The items but for those with these texts, each of which takes one out. What has no JSON is never the same. */
export function without(items: readonly Examined[], itemTexts: readonly (string | undefined)[]): readonly Examined[] {
    if (itemTexts.length === 0) return items;
    const counts = new Map<string, number>();
    for (const text of itemTexts) if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
    return items.filter((item) => {
        const text = textOf(item);
        const count = text === undefined ? 0 : (counts.get(text) ?? 0);
        if (count > 0) counts.set(text!, count - 1);
        return count === 0;
    });
}

export function textOf(item: Examined): string | undefined {
    return typeof item === 'string' ? item : item.text;
}
