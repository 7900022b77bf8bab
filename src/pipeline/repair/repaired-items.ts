import type { Writable } from '../../utils/writable.js';
import type { Repair, RepairedItem } from './repairs.js';
import { mergeRepairs, repairedLength } from './repairs.js';

/** The repaired items of a batch, by index. */
export class RepairedItems {
    /** Characters that the items repaired before they entered the batch hold in memory besides their JSON. */
    readonly heldLength: number = 0;
    readonly #repaired = new Map<number, RepairedItem>();
    /** Items that are sent, or were stored, as the platform's errors had them repaired, with their JSON. */
    readonly #byErrors = new Map<number, { text: string; item: RepairedItem }>();

    /** The item enters the batch as it was repaired. */
    add(index: number, item: RepairedItem): void {
        this.#repaired.set(index, item);
        (this as Writable<RepairedItems>).heldLength += repairedLength(item);
    }

    /** The item is about to be sent as `text`, after these repairs, for which the platform's errors were the reason. */
    sendRepaired(index: number, text: string, asPushed: string, repairs: readonly Repair[]): void {
        const before = this.#repaired.get(index)?.repairs ?? [];
        this.#byErrors.set(index, { text, item: { asPushed, repairs: mergeRepairs(before, repairs) } });
    }

    /** The platform rejects the item as its errors had it repaired, too. */
    rejected(index: number): void {
        this.#byErrors.delete(index);
    }

    at(index: number): RepairedItem | undefined {
        return this.#byErrors.get(index)?.item ?? this.#repaired.get(index);
    }

    /** JSON of the item as the platform's errors had it repaired; undefined for all others. */
    textByErrors(index: number): string | undefined {
        return this.#byErrors.get(index)?.text;
    }

    /** The repaired items among those whose index is meant. */
    where(isMeant: (index: number) => boolean): RepairedItem[] {
        const indexes = new Set([...this.#repaired.keys(), ...this.#byErrors.keys()]);
        return [...indexes].filter(isMeant).map((index) => this.at(index)!);
    }
}
