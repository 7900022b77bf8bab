import { pointerNames, toPointer } from '../utils/json-pointer.js';
import { removeFromNames, type SecretRemover } from '../utils/secrets.js';
import { createNode } from './field-tree.js';
import type { FieldNode } from './field-tree.js';
import { KIND, KINDS } from './value-kind.js';

/** Types of JSON values, without `null`. */
export type FieldType = 'string' | 'number' | 'boolean' | 'array' | 'object';

/** Counts of a field. `filled + empty + null + missing = total`. */
export interface FieldSummary {
    /** JSON Pointer into the item; `*` for elements and for names that only the data knows. */
    readonly path: string;
    /** From the schema. */
    readonly title?: string;
    /** Stored items; below the top, values that could have the field: objects and elements that are there and not null. */
    readonly totalItems: number;
    /** Values that say something: 0 and false do. */
    readonly filledItems: number;
    /** `''`, `[]` and `{}`. */
    readonly emptyItems: number;
    /** Null. */
    readonly nullItems: number;
    /** Not there. */
    readonly missingItems: number;
    /** Items, stored or not, that failed because of this field. */
    readonly failedItems: number;
    /** Values of each type, null apart. */
    readonly types: Readonly<Partial<Record<FieldType, number>>>;
}

export interface FieldDetails extends FieldSummary {
    readonly description?: string;
    /** JSON of a value, redacted and shortened. */
    readonly example?: string;
    /** Whether the schema knows the field, or `expect` names it. */
    readonly isExpected: boolean;
}

export interface SavedFields {
    storedItems: number;
    rows: { path: string; counts: number[]; failedItems: number; example?: string; isHidden?: true; isSeen?: true }[];
}

/** Further top-level names in the report. */
const MAX_FURTHER_ROWS = 200;
const MIN_FURTHER_SHARE = 0.01;
const MIN_FURTHER_ITEMS = 5;

interface Row {
    readonly path: string;
    readonly slot: number;
    failedItems: number;
    example?: string;
    /** `redact` took a value away. */
    isHidden?: true;
    /** `redact` left a value where it was. */
    isSeen?: true;
}

/** The counts themselves: for each path one number for each kind of value. */
export class FieldTable {
    storedItems = 0;
    readonly #rows = new Map<string, Row>();
    readonly #bySlot: Row[] = [];
    #counts: number[] = [];
    readonly #isRedacted: boolean;

    readonly #removeSecrets: SecretRemover;

    /** `isRedacted`: no field is shown that `redact` might take away. */
    constructor(isRedacted: boolean, removeSecrets: SecretRemover) {
        this.#isRedacted = isRedacted;
        this.#removeSecrets = removeSecrets;
    }

    get slots(): number {
        return this.#counts.length;
    }

    /** The first slot of a path; it never changes. */
    slotOf(path: string): number {
        return this.#row(path).slot;
    }

    add(slot: number, amount: number): void {
        this.#counts[slot]! += amount;
    }

    addFailed(slot: number): void {
        this.#bySlot[slot / KINDS]!.failedItems++;
    }

    /** The slot of a path, or of the nearest one above that is counted. */
    nearestSlot(path: string): number | undefined {
        for (let nearest = path; nearest !== ''; nearest = nearest.slice(0, nearest.lastIndexOf('/'))) {
            const row = this.#rows.get(nearest);
            if (row !== undefined) return row.slot;
        }
        return undefined;
    }

    hasExample(path: string): boolean {
        return this.#row(path).example !== undefined;
    }

    setExample(path: string, example: string): void {
        this.#row(path).example = example;
    }

    /** `redact` took a value of the field away. */
    hide(path: string): void {
        this.#row(path).isHidden = true;
    }

    /** `redact` left a value of the field where it was. */
    show(path: string): void {
        this.#row(path).isSeen = true;
    }

    topLevelNames(): string[] {
        return [...this.#rows.keys()].map(pointerNames).flatMap((names) => (names.length === 1 ? names : []));
    }

    rows(root: FieldNode, further: readonly string[]): readonly FieldSummary[] {
        return Object.freeze(
            this.details(root, further).map(({ description: _d, example: _e, isExpected: _i, ...row }) =>
                Object.freeze(row),
            ),
        );
    }

    /** The rows of the tree, those that `redact` takes away among them: for what is judged, not for what is shown. */
    judgedRows(root: FieldNode): readonly FieldSummary[] {
        return this.#below(root, this.storedItems, () => true);
    }

    details(root: FieldNode, further: readonly string[]): readonly FieldDetails[] {
        const rows = this.#below(root, this.storedItems, (path) => this.#isShown(path));
        const isShown = new Set(rows.map(({ path }) => path));
        const others = further
            .map((name) => this.#details(createNode(toPointer([name])), this.storedItems))
            .filter((row) => !isShown.has(row.path) && this.#isCommon(row) && this.#isShown(row.path))
            .sort((a, b) => a.missingItems - b.missingItems)
            .slice(0, MAX_FURTHER_ROWS)
            .map((row) => Object.freeze({ ...row, path: removeFromNames(row.path, this.#removeSecrets) }));
        return Object.freeze([...rows, ...others]);
    }

    save(): SavedFields {
        const rows = this.#bySlot.map(({ path, slot, failedItems, example, isHidden, isSeen }) => ({
            path,
            counts: this.#counts.slice(slot, slot + KINDS),
            failedItems,
            ...(example !== undefined && { example }),
            ...(isHidden && { isHidden }),
            ...(isSeen && { isSeen }),
        }));
        const isUsed = ({ counts, failedItems }: { counts: number[]; failedItems: number }) =>
            failedItems > 0 || counts.some((count) => count > 0);
        return { storedItems: this.storedItems, rows: rows.filter(isUsed) };
    }

    restore({ storedItems, rows }: SavedFields): void {
        this.storedItems += storedItems;
        for (const { path, counts, failedItems, example, isHidden, isSeen } of rows) {
            const row = this.#row(path);
            for (const [kind, count] of counts.entries()) this.add(row.slot + kind, count);
            row.failedItems += failedItems;
            row.example ??= example;
            if (isHidden) row.isHidden = true;
            if (isSeen) row.isSeen = true;
        }
    }

    #row(path: string): Row {
        let row = this.#rows.get(path);
        if (row === undefined) {
            row = { path, slot: this.#counts.length, failedItems: 0 };
            this.#rows.set(path, row);
            this.#bySlot.push(row);
            for (let kind = 0; kind < KINDS; kind++) this.#counts.push(0);
        }
        return row;
    }

    #below(node: FieldNode, totalItems: number, isWanted: (path: string) => boolean): FieldDetails[] {
        return [...node.names.values(), ...(node.any ? [node.any] : [])].flatMap((child) => {
            if (!isWanted(child.path)) return [];
            const row = this.#details(child, child === node.any ? undefined : totalItems);
            const below = this.#below(child, row.totalItems - row.missingItems - row.nullItems, isWanted);
            return child.isRow ? [row, ...below] : below;
        });
    }

    /** `totalItems`: undefined for elements, of which none is missing. */
    #details(node: FieldNode, totalItems: number | undefined): FieldDetails {
        const { slot, failedItems, example } = this.#row(node.path);
        const count = (...kinds: number[]) => kinds.reduce((sum, kind) => sum + this.#counts[slot + kind]!, 0);
        const filledItems = count(KIND.string, KIND.number, KIND.boolean, KIND.array, KIND.object);
        const emptyItems = count(KIND.emptyString, KIND.emptyArray, KIND.emptyObject);
        const nullItems = count(KIND.null);
        const total = totalItems ?? filledItems + emptyItems + nullItems;
        const types: [FieldType, number][] = [
            ['string', count(KIND.string, KIND.emptyString)],
            ['number', count(KIND.number)],
            ['boolean', count(KIND.boolean)],
            ['array', count(KIND.array, KIND.emptyArray)],
            ['object', count(KIND.object, KIND.emptyObject)],
        ];
        return Object.freeze({
            path: node.path,
            ...(node.title !== undefined && { title: node.title }),
            totalItems: total,
            filledItems,
            emptyItems,
            nullItems,
            missingItems: total - filledItems - emptyItems - nullItems,
            failedItems,
            types: Object.freeze(Object.fromEntries(types.filter(([, amount]) => amount > 0))),
            ...(node.description !== undefined && { description: node.description }),
            ...(example !== undefined && { example }),
            isExpected: node.isRow,
        });
    }

    /** Where items are redacted, a field with values is shown once `redact` was seen to leave one, and never to take one away. */
    #isShown(path: string): boolean {
        const { slot, isHidden, isSeen } = this.#row(path);
        if (isHidden) return false;
        return (
            !this.#isRedacted || isSeen === true || this.#counts.slice(slot, slot + KINDS).every((count) => count === 0)
        );
    }

    #isCommon({ totalItems, missingItems }: FieldSummary): boolean {
        const present = totalItems - missingItems;
        return present >= MIN_FURTHER_ITEMS && present >= MIN_FURTHER_SHARE * totalItems;
    }
}
