import { compileFunction } from 'node:vm';

import type { ElementCounts } from './element-counts.js';
import type { FieldNode } from './field-tree.js';
import { KIND, kindOf, KINDS } from './value-kind.js';

/**
 * A step of the decision tree over the kinds of an item's values: where the next kind leads, and at its end, behind the kinds,
 * what was found out about the items that lead there.
 */
export type Step<Leaf> = (Step<Leaf> | Leaf | undefined)[];

/** Position of the leaf in a step. */
export const LEAF = KINDS;

export interface ReaderParts<Leaf> {
    root: FieldNode;
    /** Makes the step that a kind leads to for the first time. */
    grow: (step: Step<Leaf>, kind: number) => Step<Leaf>;
}

export interface FieldReader<Leaf> {
    /** Follows the item's kinds from `first` on, and counts its elements. */
    follow: (item: object, first: Step<Leaf>, elements: ElementCounts) => Step<Leaf>;
    /** Top-level names of the last item that are read by name. */
    known: number;
}

/**
 * Compiles what reads the fields of a tree from an item: each by its name, as code that was written for them would.
 * Measured on products of 10 fields: 60 ns an item to follow, 0.3 µs where a loop over the names does it.
 */
export function compileReader<Leaf>(parts: ReaderParts<Leaf>): FieldReader<Leaf> {
    const code = new ReaderCode();
    const follow = code.followMembers(parts.root, 'item', 'known++;');
    // An item may be a map itself.
    const further = parts.root.any === undefined ? '' : code.countMap(parts.root, parts.root.any, 'item');
    const reader: FieldReader<Leaf> = { known: 0, follow: (_item, first) => first };
    const source = `${code.functions.join('\n')}
        reader.follow = (item, step, elements) => {
            const { counts, touched } = elements;
            let known = 0;
            ${follow}
            ${further}
            reader.known = known;
            return step;
        };`;
    compileFunction(source, ['kindOf', 'grow', 'reader'])(kindOf, parts.grow, reader);
    return reader;
}

class ReaderCode {
    readonly functions: string[] = [];
    #variables = 0;

    /** Takes the step of each member that is known by name; `whenThere` is done for each that is there. */
    followMembers(node: FieldNode, object: string, whenThere = ''): string {
        return this.#eachMember(node, object, (child, value, kind) => {
            const below = this.#below(child, value, kind, (within) => this.followMembers(within, value));
            return `const ${kind} = ${kindCode(value, child)};
                step = step[${kind}] || grow(step, ${kind});
                ${whenThere === '' ? '' : `if (${kind} !== ${KIND.missing}) { ${whenThere} }`}
                ${below}`;
        });
    }

    /** Counts the members of a map that the schema does not name. */
    countMap(node: FieldNode, any: FieldNode, value: string): string {
        return `${this.#countFurther(node, any)}(${value}, counts, touched);`;
    }

    /** Counts each member that is there and known by name. */
    #countMembers(node: FieldNode, object: string): string {
        return this.#eachMember(node, object, (child, value, kind) => {
            const below = this.#below(child, value, kind, (within) => this.#countMembers(within, value));
            return `if (${value} !== undefined) {
                    const ${kind} = ${kindCode(value, child)};
                    ${bump(child.slot, kind)}
                    ${below}
                }`;
        });
    }

    #eachMember(
        node: FieldNode,
        object: string,
        code: (child: FieldNode, value: string, kind: string) => string,
    ): string {
        const members = [...node.names].map(([name, child]) => {
            const id = this.#variables++;
            return `const v${id} = ${read(object, name)};\n${code(child, `v${id}`, `k${id}`)}`;
        });
        return members.join('\n');
    }

    /** Reads a value that has members or elements. */
    #below(node: FieldNode, value: string, kind: string, readMembers: (node: FieldNode) => string): string {
        if (node.names.size === 0 && node.any === undefined) return '';
        const call = (name: string) => `${name}(${value}, counts, touched);`;
        const inObject = `${readMembers(node)} ${node.any === undefined ? '' : this.countMap(node, node.any, value)}`;
        const inArray = `${readMembers(onlyIndexes(node))} ${node.any === undefined ? '' : call(this.#countElements(node.any))}`;
        return `if (${kind} === ${KIND.object}) { ${inObject} } else if (${kind} === ${KIND.array}) { ${inArray} }`;
    }

    #countElements(any: FieldNode): string {
        return this.#function(
            `for (let index = 0; index < value.length; index++) { const one = value[index]; ${this.#countOne(any)} }`,
        );
    }

    /** Counts the members that the schema does not name. */
    #countFurther(node: FieldNode, any: FieldNode): string {
        const declared = [...node.names].filter(([, { isDeclared }]) => isDeclared).map(([name]) => name);
        return this.#function(
            `for (const name in value) { if (names.has(name)) continue; const one = value[name]; ${this.#countOne(any)} }`,
            `const names = new Set(${JSON.stringify(declared)});`,
        );
    }

    #countOne(any: FieldNode): string {
        return `const kind = ${kindCode('one', any)};
            ${bump(any.slot, 'kind')}
            ${this.#below(any, 'one', 'kind', (within) => this.#countMembers(within, 'one'))}`;
    }

    #function(body: string, before = ''): string {
        const name = `count${this.#variables++}`;
        this.functions.push(`const ${name} = (() => { ${before} return (value, counts, touched) => { ${body} }; })();`);
        return name;
    }
}

function bump(slot: number, kind: string): string {
    return `if (counts[${slot} + ${kind}]++ === 0) touched.push(${slot} + ${kind});`;
}

/** An array has its elements by index, and a `length` that is no data. */
function onlyIndexes(node: FieldNode): FieldNode {
    return { ...node, names: new Map([...node.names].filter(([name]) => /^(?:0|[1-9]\d*)$/.test(name))) };
}

/** The kind of a value; of text, numbers and objects of the usual members without a call. */
function kindCode(value: string, node: FieldNode): string {
    const usual = [...node.names.keys()].find((name) => !(name in Object.prototype) && !(name in Array.prototype));
    const isObject =
        usual === undefined
            ? ''
            : `typeof ${value} === 'object' && ${value} !== null && !Array.isArray(${value}) && ${read(value, usual)} !== undefined ? ${KIND.object} : `;
    return `typeof ${value} === 'string' ? (${value} === '' ? ${KIND.emptyString} : ${KIND.string})
        : typeof ${value} === 'number' ? ${KIND.number} : ${isObject}kindOf(${value})`;
}

/** The JSON of a string is the same string in JavaScript. */
function read(object: string, name: string): string {
    const quoted = JSON.stringify(name);
    return name in Object.prototype
        ? `(Object.hasOwn(${object}, ${quoted}) ? ${object}[${quoted}] : undefined)`
        : `${object}[${quoted}]`;
}

/**
 * Counts all members of an item, whatever their names. For items that have little in common the engine looks each name up for a
 * long time; `Object.keys` and `Object.values` do not. `further` tells the slot of a top-level name that the tree does not know.
 */
export function countMembers(
    root: FieldNode,
    item: object,
    elements: ElementCounts,
    further: (name: string) => number | undefined,
): void {
    const below = (node: FieldNode, value: unknown, kind: number) => {
        if (kind === KIND.object && (node.names.size > 0 || node.any)) ofObject(node, value as object);
        if (kind === KIND.array && (node.names.size > 0 || node.any)) ofArray(node, value as unknown[]);
    };
    const ofObject = (node: FieldNode, object: object) => {
        const [names, values] = [Object.keys(object), Object.values(object) as unknown[]];
        for (let index = 0; index < names.length; index++) {
            const name = names[index]!;
            const kind = kindOf(values[index]);
            const child = node.names.get(name);
            if (child !== undefined) {
                elements.add(child.slot + kind);
                below(child, values[index], kind);
            } else if (node === root) {
                const slot = further(name);
                if (slot !== undefined) elements.add(slot + kind);
            }
            if (node.any !== undefined && !child?.isDeclared) {
                elements.add(node.any.slot + kind);
                below(node.any, values[index], kind);
            }
        }
    };
    const ofArray = (node: FieldNode, array: readonly unknown[]) => {
        for (const [name, child] of onlyIndexes(node).names) {
            if (!(name in array)) continue;
            const kind = kindOf(array[Number(name)]);
            elements.add(child.slot + kind);
            below(child, array[Number(name)], kind);
        }
        if (node.any === undefined) return;
        for (const element of array) {
            const kind = kindOf(element);
            elements.add(node.any.slot + kind);
            below(node.any, element, kind);
        }
    };
    ofObject(root, item);
}
