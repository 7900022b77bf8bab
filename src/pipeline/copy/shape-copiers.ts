import type { CopyObject, CopyValue } from './compile-copier.js';
import { compileCopier } from './compile-copier.js';

/** A copier is compiled after so many objects of its shape: compiling takes as long as copying some hundred. */
const MIN_SIGHTINGS = 64;
/** Bounds on what is remembered, a few megabytes together. */
const MAX_COPIERS = 256;
const MAX_SHAPES = 4_096;
const MAX_MEMBERS = 256;
const MAX_NAME_LENGTH = 128;
/** Names that may come first, and that may follow the same ones. Where there are more, they are data, such as addresses or dates. */
const MAX_FIRST_NAMES = 512;
const MAX_NEXT_NAMES = 16;
/** What an object costs that was looked at in vain, in those of which one was copied faster for it. */
const STRANGER = 2;
/** Where that is more than was gained, so many objects go by unseen. */
const MIN_LOSS = 64;
const MAX_LOSS = 1_024;

/**
 * Copiers for objects of the shapes that come often. A shape is what objects have in common that have members of the same names
 * in the same order. An object makes one name more known, so that rare shapes do not take the place of the others.
 */
export class ShapeCopiers {
    readonly #copyValue: CopyValue;
    readonly #empty = new Shape(undefined, '');
    #shapes = 1;
    #copiers = 0;
    /** What looking at objects has cost lately, less what it has gained, and how many more go by unseen for that. */
    #loss = 0;
    #unseen = 0;

    constructor(copyValue: CopyValue) {
        this.#copyValue = copyValue;
    }

    /** The copier for objects such as this one. Its names decide, with those that it inherits; no member is read. */
    find(object: object): CopyObject | undefined {
        if (this.#unseen > 0) {
            this.#unseen--;
            return undefined;
        }
        let shape = this.#empty;
        // oxlint-disable-next-line guard-for-in -- a copier takes no object that could inherit a name
        for (const name in object) {
            const next = shape.then(name);
            if (next === undefined) {
                this.#note(this.#learn(shape, name));
                return undefined;
            }
            shape = next;
        }
        if (shape.copyObject === undefined) this.#note(this.#count(shape));
        else if (this.#loss > 0) this.#loss--;
        return shape.copyObject;
    }

    /** Notes an object without a copier: was anything learned of it? */
    #note(isLearned: boolean): void {
        if (isLearned) return;
        this.#loss = Math.min(this.#loss + STRANGER, MAX_LOSS);
        if (this.#loss > MIN_LOSS) this.#unseen = this.#loss;
    }

    #learn(shape: Shape, name: string): boolean {
        if (this.#shapes >= MAX_SHAPES || shape.size >= MAX_MEMBERS || name.length > MAX_NAME_LENGTH) return false;
        if (!shape.add(name)) return false;
        this.#shapes++;
        return true;
    }

    #count(shape: Shape): boolean {
        if (this.#copiers >= MAX_COPIERS) return false;
        if (++shape.sightings < MIN_SIGHTINGS) return true;
        shape.copyObject = compileCopier(shape.names(), this.#copyValue);
        this.#copiers++;
        return true;
    }
}

class Shape {
    /** Members. */
    readonly size: number;
    /** Objects that were seen while there was no copier. */
    sightings = 0;
    copyObject: CopyObject | undefined;
    readonly #name: string;
    readonly #before: Shape | undefined;
    /** What was seen first to follow, which mostly follows, and what else does. */
    #nextName: string | undefined;
    #next: Shape | undefined;
    #branches: Map<string, Shape> | undefined;

    constructor(before: Shape | undefined, name: string) {
        this.#before = before;
        this.#name = name;
        this.size = before === undefined ? 0 : before.size + 1;
    }

    names(): string[] {
        if (this.#before === undefined) return [];
        const names = this.#before.names();
        names.push(this.#name);
        return names;
    }

    /** The shape with this name at the end, where that is known. */
    then(name: string): Shape | undefined {
        return name === this.#nextName ? this.#next : this.#branches?.get(name);
    }

    /** Makes the shape with this name at the end known. Returns false where there are too many. */
    add(name: string): boolean {
        if (this.#next === undefined) {
            this.#nextName = name;
            this.#next = new Shape(this, name);
            return true;
        }
        this.#branches ??= new Map();
        if (this.#branches.size + 1 >= (this.size === 0 ? MAX_FIRST_NAMES : MAX_NEXT_NAMES)) return false;
        this.#branches.set(name, new Shape(this, name));
        return true;
    }
}
