import { toPointer } from '../utils/json-pointer.js';
import type { ElementCounts } from './element-counts.js';
import type { FieldLooks } from './field-looks.js';
import type { FieldTable } from './field-table.js';
import { MAX_NAME_LENGTH } from './field-tree.js';

/** Further top-level names that are counted. */
const MAX_FURTHER_NAMES = 1_000;

interface FurtherName {
    readonly slot: number;
    /** Items that had it. */
    seenItems: number;
}

/** Top-level names of items that are not read by name. */
export class FurtherNames {
    readonly #table: FieldTable;
    readonly #looks: FieldLooks;
    readonly #elements: ElementCounts;
    readonly #byName = new Map<string, FurtherName>();

    constructor(table: FieldTable, looks: FieldLooks, elements: ElementCounts) {
        this.#table = table;
        this.#looks = looks;
        this.#elements = elements;
    }

    get names(): string[] {
        return [...this.#byName.keys()];
    }

    /** Returns the names that this number of items had. */
    seenInItems(minItems: number): string[] {
        return [...this.#byName].flatMap(([name, { seenItems }]) => (seenItems < minItems ? [] : name));
    }

    /** The item has the name. Returns its slot; `undefined` where there are too many names. */
    see(item: object, name: string): number | undefined {
        const isNew = !this.#byName.has(name);
        const further = this.learn(name);
        if (further === undefined) return undefined;
        further.seenItems++;
        if (isNew) this.#looks.lookAt(item, name);
        return further.slot;
    }

    learn(name: string): FurtherName | undefined {
        const known = this.#byName.get(name);
        if (known !== undefined) return known;
        if (this.#byName.size >= MAX_FURTHER_NAMES || name.length > MAX_NAME_LENGTH) return undefined;
        const further = { slot: this.#table.slotOf(toPointer([name])), seenItems: 0 };
        this.#byName.set(name, further);
        this.#elements.makeRoom(this.#table.slots);
        return further;
    }
}
