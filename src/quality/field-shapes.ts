import { LEAF } from './field-reader.js';
import type { Step } from './field-reader.js';
import type { FieldTable } from './field-table.js';
import { KINDS } from './value-kind.js';

/**
 * The counts of one item, which are added once it is stored: made when the item is validated, kept with it, handed to `store`. Opaque, and
 * shared by all items whose values are of the same kinds, so that mostly an item costs a reference.
 */
export interface FieldTally {
    readonly shape: Shape;
    /** Pairs of a slot and a count: of elements, and of names that are not read by name. */
    readonly more: readonly number[] | undefined;
}

/** Items whose values are of the same kinds. */
export class Shape {
    readonly slots: readonly number[];
    readonly tally: FieldTally = { shape: this, more: undefined };
    storedItems = 0;
    /** Whether `storedItems` is still looked at; else it is added to the table at once. */
    isOpen = true;

    constructor(slots: readonly number[]) {
        this.slots = slots;
    }
}

/** More are forgotten: a run of items that have little in common must not grow without bound. */
const MAX_STEPS = 20_000;

/** The shapes that items have had, found by the kinds of their values. */
export class Shapes {
    /** Where the search for an item's shape begins. */
    first: Step<Shape> = createStep();
    readonly #table: FieldTable;
    #steps = 1;
    #shapes: Shape[] = [];

    constructor(table: FieldTable) {
        this.#table = table;
    }

    /** Makes the step that a kind leads to for the first time. */
    grow(step: Step<Shape>, kind: number): Step<Shape> {
        const next = createStep();
        step[kind] = next;
        this.#steps++;
        return next;
    }

    /** A new shape, at the end of the steps that lead to it. */
    add(step: Step<Shape>, slots: readonly number[]): Shape {
        if (this.#steps > MAX_STEPS) this.forget();
        const shape = new Shape(slots);
        step[LEAF] = shape;
        this.#shapes.push(shape);
        return shape;
    }

    /** Puts the counts of all shapes into the table. */
    fold(): void {
        for (const shape of this.#shapes) {
            if (shape.storedItems === 0) continue;
            for (const slot of shape.slots) this.#table.add(slot, shape.storedItems);
            shape.storedItems = 0;
        }
    }

    /** Begins anew. Tallies that were made before stay valid. */
    forget(): void {
        this.fold();
        for (const shape of this.#shapes) shape.isOpen = false;
        this.#shapes = [];
        this.first = createStep();
        this.#steps = 1;
    }
}

function createStep(): Step<Shape> {
    return new Array(KINDS + 1).fill(undefined);
}
