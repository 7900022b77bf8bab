import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isNestedTooDeeply, MAX_LEVELS } from './nesting.js';
import { escapeControls } from './text.js';

/**
 * The folder of the library, whose frames are not the user's code. Read from a stack: `import.meta` is not there once the library is
 * bundled into CommonJS.
 */
const LIBRARY = dirname(dirname(fileOfFrame(new Error().stack?.split('\n')[1] ?? '')?.file ?? '/'));

/** A user's function returned a wrong value. The error is made after the call, so its stack does not lead to that function. */
export class WrongResultError extends TypeError {
    override name = 'TypeError';
}

/** The first frame of the stack that is neither the library's nor a package's: `src/main.ts:12:9`. */
export function placeInUserCode(error: unknown): string | undefined {
    if (error instanceof WrongResultError) return undefined;
    const stack = error instanceof Error && typeof error.stack === 'string' ? error.stack : '';
    for (const line of stack.split('\n').slice(1)) {
        const frame = fileOfFrame(line);
        if (frame === undefined) continue;
        const { file, position } = frame;
        if (file.startsWith(`${LIBRARY}${sep}`) || file.includes('node_modules')) continue;
        const folder = `${process.cwd()}/`;
        return escapeControls(`${file.startsWith(folder) ? file.slice(folder.length) : file}:${position}`);
    }
    return undefined;
}

/** File and `line:column` of one line of a stack; `undefined` where it names no file. */
function fileOfFrame(line: string): { file: string; position: string } | undefined {
    const place = /\(?((?:file:\/\/)?\/[^()]*|[A-Za-z]:\\[^()]*):(\d+:\d+)\)?$/.exec(line.trim());
    if (place === null) return undefined;
    const [, path, position] = place as unknown as [string, string, string];
    return { file: path.startsWith('file:') ? fileURLToPath(path) : path, position };
}

/** The JSON of the object that a user's function returned. @throws WrongResultError where that is no object, or has no JSON */
export function jsonOfObject(value: unknown, expected: string): string {
    const problem = problemOf(value);
    if (problem !== undefined) throw new WrongResultError(`expected ${expected}, but got: ${problem}`);
    let text: string | undefined;
    try {
        text = JSON.stringify(value);
    } catch {
        // The engine's message would name properties of the item.
        throw new WrongResultError(`expected ${expected}, but got: what cannot be written as JSON`);
    }
    if (text !== undefined && isNestedTooDeeply(text)) {
        throw new WrongResultError(`expected ${expected}, but got: one nested more than ${MAX_LEVELS} levels deep`);
    }
    if (text?.startsWith('{') === true) return text;
    const inJson: unknown = text && JSON.parse(text);
    throw new WrongResultError(`expected ${expected}, but got: ${problemOf(inJson)} in JSON`);
}

/** Returns the name that a user's function returned: text, a number, or `undefined` for no name. @throws WrongResultError for any other value */
export function nameFrom(value: unknown, option: string): string | number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new WrongResultError(`expected text from ${option}, but got: ${problemOf(value) ?? 'an object'}`);
}

function problemOf(value: unknown): string | undefined {
    if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
        // Nobody else handles its rejection.
        Promise.resolve(value).catch(() => undefined);
        return 'a promise, whose value comes too late';
    }
    if (Array.isArray(value)) return 'an array';
    if (typeof value === 'object' && value !== null) return undefined;
    return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}
