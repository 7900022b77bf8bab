import { escapeName, indexFrom, pointerNames } from '../../utils/json-pointer.js';
import type { Repair, RepairAction } from './repairs.js';

type Container = Record<string, unknown> | unknown[];

/**
 * A place in an item, told by the object that holds it and its key there. Paths do not tell a place: they shift as soon as
 * an element of an array is removed.
 */
export interface Place {
    /** The place of the object or array that holds this one; undefined for the item itself. */
    readonly parent: Place | undefined;
    readonly container: Container | undefined;
    /** The index as pushed, for an element. */
    readonly key: string | number;
    readonly depth: number;
    /** Where an element is now. */
    index: number;
    /** The last repair here. */
    action: RepairAction | undefined;
}

interface ContainerInfo {
    /** The original of the container; undefined for one that a repair made. */
    readonly original: Container | undefined;
    readonly places: Map<string | number, Place>;
    /** The indexes as pushed of the elements that are left; undefined as long as none was removed. */
    indexes: number[] | undefined;
    removed: Set<number> | undefined;
}

/** A copy of an item that is being repaired, and what was done to it. */
export class Draft {
    readonly root: Place;
    readonly #infos = new Map<Container, ContainerInfo>();
    readonly #touched = new Set<Place>();
    readonly #shrunk = new Set<unknown[]>();
    #item: unknown;

    constructor(item: unknown) {
        this.#item = this.#copy(item);
        this.root = {
            parent: undefined,
            container: undefined,
            key: '',
            depth: 0,
            index: 0,
            action: undefined,
        };
    }

    get item(): unknown {
        return this.#item;
    }

    /** The place to which a JSON Pointer leads in the item as it is now. */
    resolve(pointer: string): Place | undefined {
        let place: Place | undefined = this.root;
        for (const name of pointerNames(pointer)) {
            if (place === undefined) return undefined;
            const value = this.value(place);
            place = Array.isArray(value) ? this.#element(place, value, indexFrom(name)) : this.property(place, name);
            if (place === undefined || !this.has(place)) return undefined;
        }
        return place;
    }

    /** The property `name` of the object at `parent`, whether it is there or not. */
    property(parent: Place, name: string): Place | undefined {
        const container = this.value(parent);
        return isContainer(container) && !Array.isArray(container) ? this.#place(parent, container, name) : undefined;
    }

    /** Elements of the array at `parent`, by where they are now. */
    elements(parent: Place, indexes: readonly number[]): Place[] {
        const array = this.value(parent) as unknown[];
        return indexes.map((index) => this.#element(parent, array, index)!);
    }

    has({ container, key, index }: Place): boolean {
        if (container === undefined) return true;
        return Array.isArray(container) ? index in container : Object.hasOwn(container, key);
    }

    value(place: Place): unknown {
        const { container, key, index } = place;
        if (container === undefined) return this.#item;
        if (Array.isArray(container)) return container[index];
        return Object.hasOwn(container, key) ? container[key] : undefined;
    }

    set(place: Place, value: unknown, action: RepairAction): void {
        this.#assign(place, value);
        this.#note(place, action);
    }

    /** Removes a property at once, an element with the next `removeElements`. */
    remove(place: Place): void {
        const { container, key, index } = place;
        if (Array.isArray(container)) {
            (this.#infos.get(container)!.removed ??= new Set()).add(index);
            this.#shrunk.add(container);
        } else if (container !== undefined) {
            delete container[key];
        }
        this.#note(place, 'removed');
    }

    /** Filters each array from which elements were removed, once. */
    removeElements(): void {
        for (const array of this.#shrunk) {
            const info = this.#infos.get(array)!;
            const removed = info.removed!;
            const indexes = info.indexes ?? array.map((_, index) => index);
            info.indexes = indexes.filter((_, index) => !removed.has(index));
            info.removed = undefined;
            const left = array.filter((_, index) => !removed.has(index));
            array.length = 0;
            for (const element of left) array.push(element);
            for (const place of info.places.values()) place.index = -1;
            for (const [index, key] of info.indexes.entries()) {
                const place = info.places.get(key);
                if (place) place.index = index;
            }
        }
        this.#shrunk.clear();
    }

    /** Makes the place, with all that is in it, as it was pushed. */
    reset(place: Place): void {
        const original = this.#original(place);
        if (original === undefined) delete (place.container as Record<string, unknown>)[place.key];
        else this.#assign(place, this.#copy(original.value));
        place.action = undefined;
        this.#touched.delete(place);
    }

    /** The repairs that are still visible in the item, outermost places only. */
    repairs(): Repair[] {
        const repairs: Repair[] = [];
        for (const place of this.#touched) {
            if (place.action === undefined || !this.#isOutermost(place)) continue;
            const before = this.#original(place)?.value;
            const after = place.action === 'removed' ? undefined : this.value(place);
            repairs.push({ path: pathOf(place), action: place.action, before, after });
        }
        return repairs;
    }

    #isOutermost(place: Place): boolean {
        let { parent } = place;
        let inner = place;
        while (parent !== undefined) {
            if (parent.action !== undefined || this.value(parent) !== inner.container) return false;
            inner = parent;
            parent = parent.parent;
        }
        return true;
    }

    #original({ container, key }: Place): { value: unknown } | undefined {
        const original = this.#infos.get(container!)?.original;
        if (original === undefined || !Object.hasOwn(original, key)) return undefined;
        return { value: (original as Record<string | number, unknown>)[key] };
    }

    #note(place: Place, action: RepairAction): void {
        place.action = action;
        // The first repair comes first, also where more was done later.
        this.#touched.add(place);
    }

    #assign({ container, key, index }: Place, value: unknown): void {
        const made = this.#register(value);
        if (Array.isArray(container)) container[index] = made;
        else if (container !== undefined) assignOwn(container, String(key), made);
    }

    #element(parent: Place, array: unknown[], index: number): Place | undefined {
        if (!Number.isInteger(index) || index < 0 || index >= array.length) return undefined;
        const place = this.#place(parent, array, this.#infos.get(array)?.indexes?.[index] ?? index);
        place.index = index;
        return place;
    }

    #place(parent: Place, container: Container, key: string | number): Place {
        const { places } = this.#infos.get(container)!;
        let place = places.get(key);
        if (place === undefined) {
            place = { parent, container, key, depth: parent.depth + 1, index: 0, action: undefined };
            places.set(key, place);
        }
        return place;
    }

    /** A value that a repair made may be an empty array or object. */
    #register(value: unknown): unknown {
        if (isContainer(value) && !this.#infos.has(value)) this.#infos.set(value, newInfo(undefined));
        return value;
    }

    #copy(value: unknown): unknown {
        if (!isContainer(value)) return value;
        const copy: Container = Array.isArray(value) ? [] : {};
        this.#infos.set(copy, newInfo(value));
        if (Array.isArray(copy)) for (const element of value as unknown[]) copy.push(this.#copy(element));
        else for (const [key, entry] of Object.entries(value)) assignOwn(copy, key, this.#copy(entry));
        return copy;
    }
}

/** JSON Pointer into the item as pushed. */
export function pathOf(place: Place): string {
    return place.parent === undefined ? '' : `${pathOf(place.parent)}/${escapeName(String(place.key))}`;
}

function newInfo(original: Container | undefined): ContainerInfo {
    return { original, places: new Map(), indexes: undefined, removed: undefined };
}

function isContainer(value: unknown): value is Container {
    return typeof value === 'object' && value !== null;
}

/** JSON may hold a key `__proto__`, which a plain assignment would not create. */
function assignOwn(target: Record<string, unknown>, key: string, value: unknown): void {
    if (key === '__proto__') {
        Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
    } else {
        target[key] = value;
    }
}
