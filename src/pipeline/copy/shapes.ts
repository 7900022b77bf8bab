import type { ItemCopy } from './item-copy.js';

/** Copies an object of one shape. */
export type CopyObject = (object: object, copy: ItemCopy) => unknown;

/** Shapes that are told apart at most; an object of any other is of none. */
const MAX_SHAPES = 4_096;
/** Names that may follow the same ones. Where there are more, names are data, such as addresses or dates. */
const MAX_BRANCHES = 16;

/** What objects have in common whose members have the same names in the same order. */
export class Shape {
    readonly names: readonly string[];
    /** Objects of this shape that were copied without `copyObject`. */
    sightings = 0;
    copyObject: CopyObject | undefined;
    /** The name that followed first, which is the one that mostly follows, and others. */
    #nextName: string | undefined;
    #next: Shape | undefined;
    #branches: Map<string, Shape> | undefined;

    constructor(names: readonly string[]) {
        this.names = names;
    }

    /** The shape with one more name at the end, where that is known. */
    then(name: string): Shape | undefined {
        return name === this.#nextName ? this.#next : this.#branches?.get(name);
    }

    /** Makes the shape with one more name at the end known. Returns false where that would be too many. */
    add(name: string): boolean {
        const shape = new Shape([...this.names, name]);
        if (this.#next === undefined) {
            this.#nextName = name;
            this.#next = shape;
            return true;
        }
        this.#branches ??= new Map();
        if (this.#branches.size + 1 >= MAX_BRANCHES) return false;
        this.#branches.set(name, shape);
        return true;
    }
}

/** The shapes that are known. An object makes one more known at most, so that those that are rare do not take the place of the others. */
export class Shapes {
    readonly #none = new Shape([]);
    #count = 1;

    /** The shape of an object, by all names that a loop lists: an inherited one, too. No member is read. */
    of(object: object): Shape | undefined {
        let shape = this.#none;
        // oxlint-disable-next-line guard-for-in -- who copies looks for what is inherited
        for (const name in object) {
            const next = shape.then(name);
            if (next === undefined) {
                if (this.#count < MAX_SHAPES && shape.add(name)) this.#count++;
                return undefined;
            }
            shape = next;
        }
        return shape;
    }
}
