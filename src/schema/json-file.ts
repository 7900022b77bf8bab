import { readFile } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';

import { SchemaLoadError } from '../errors.js';
import { describeSyntaxError } from './json-syntax.js';

/** A file of the Actor's definition that was read. */
export interface JsonFile {
    /** Absolute. */
    path: string;
    /** The path as messages show it: see `shownPath`. */
    source: string;
    value: unknown;
}

/**
 * Reads JSON; a byte order mark is tolerated. Resolves to `undefined` where there is no such file.
 * @throws SchemaLoadError with line and column where the text is not JSON, with the system's code where it cannot be read
 */
export async function readJsonFile(path: string, cwd: string): Promise<JsonFile | undefined> {
    const source = shownPath(path, cwd);
    let text: string;
    try {
        text = await readFile(path, 'utf8');
    } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        throw new SchemaLoadError(source, `cannot be read (${code}). Expected a readable JSON file.`, { cause: error });
    }

    if (text.startsWith('\uFEFF')) text = text.slice(1);
    try {
        return { path, source, value: JSON.parse(text) };
    } catch (error) {
        const message = `is not JSON: ${describeSyntaxError(text)}. Expected a JSON object; correct the file.`;
        throw new SchemaLoadError(source, message, { cause: error });
    }
}

/** Relative to `cwd`, with slashes, for what is below it; else absolute. */
export function shownPath(path: string, cwd: string): string {
    const below = relative(cwd, path);
    if (below === '' || below.startsWith('..') || isAbsolute(below)) return path;
    return below.split(sep).join('/');
}
