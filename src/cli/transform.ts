import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { RedriveOptions } from '../redrive/options.js';
import { UsageError } from './exit-codes.js';

/** The function of a module, and what changes when the module does. @throws UsageError */
export async function loadTransform(file: string) {
    const path = resolve(file);
    const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(
            `${file} cannot be read (${error.code}). Expected a module whose default export changes an item.`,
        );
    });
    const module: { default?: unknown } = await import(pathToFileURL(path).href).catch((error: Error) => {
        throw new UsageError(`${file} cannot be loaded: ${error.name}: ${error.message}`);
    });
    if (typeof module.default === 'function') {
        return { transform: module.default as NonNullable<RedriveOptions['transform']>, source };
    }
    throw new UsageError(
        `${file} must have a function as its default export, but has: ${typeof module.default}. ` +
            'Write: export default (item) => ({ ...item });',
    );
}
