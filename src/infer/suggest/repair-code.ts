import { pointerKeys } from '../json-patch.js';

/** The `repair` option that converts the values at a path, `*` for all elements and keys, as JavaScript. */
export function repairCode(path: string, convert: string): string {
    const item = { read: 'item', write: 'item' };
    const lines = [`const convert = ${convert};`, ...visit(item, pointerKeys(path), 0), 'return item;'];
    return `repair: (item) => {\n${indented(lines).join('\n')}\n}`;
}

/** The same place as an expression that may be read whatever the item holds, and as one that may be assigned to. */
interface Place {
    read: string;
    write: string;
}

function visit(parent: Place, keys: readonly string[], depth: number): string[] {
    const [key, ...rest] = keys;
    if (key === undefined) return [`if (${parent.read} !== undefined) ${parent.write} = convert(${parent.write});`];
    if (key !== '*') return visit(member(parent, key), rest, depth);
    const name = depth === 0 ? 'key' : `key${depth}`;
    const element = { read: `${parent.write}[${name}]`, write: `${parent.write}[${name}]` };
    return [
        `for (const ${name} of Object.keys(${parent.read} ?? {})) {`,
        ...indented(visit(element, rest, depth + 1)),
        '}',
    ];
}

function member({ read, write }: Place, key: string): Place {
    const isName = /^[\p{L}_$][\p{L}\d_$]*$/u.test(key);
    const access = isName ? `.${key}` : `[${JSON.stringify(key)}]`;
    // An item is always there.
    const optional = read === 'item' ? access : `?.${isName ? key : access}`;
    return { read: read + optional, write: write + access };
}

function indented(lines: readonly string[]): string[] {
    return lines.flatMap((line) => line.split('\n')).map((line) => `    ${line}`);
}
