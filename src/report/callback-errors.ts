import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Log } from '../ports.js';
import { number } from '../utils/format.js';
import type { SecretRemover } from '../utils/secrets.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import { escapeControls, shorten } from '../utils/text.js';

const MAX_MESSAGE_LENGTH = 300;
/**
 * The folder of the library, whose frames are not the user's code. Read from a stack: `import.meta` is not there once the library is
 * bundled into CommonJS.
 */
const LIBRARY = dirname(dirname(fileOfFrame(new Error().stack?.split('\n')[1] ?? '')?.file ?? '/'));

/** Errors thrown by the user's own functions: the first of each function is logged with its place, all are counted. */
export class CallbackErrors {
    readonly #log: Log;
    readonly #removeSecrets: SecretRemover;
    readonly #counts = new Map<string, number>();

    constructor(log: Log, removeSecrets: SecretRemover = removeGenericSecrets) {
        this.#log = log;
        this.#removeSecrets = removeSecrets;
    }

    /** `consequence` says what becomes of the item. */
    add(option: string, error: unknown, consequence = 'The item goes on without it'): void {
        const count = this.#counts.get(option) ?? 0;
        this.#counts.set(option, count + 1);
        if (count > 0) return;
        const place = placeInUserCode(error);
        const where = place === undefined ? '' : ` at ${place}`;
        this.#log.error(
            `The option "${option}" failed: ${this.#describe(error)}${where}. ${consequence}. Further errors of it are counted.`,
        );
    }

    /** Says how often, at the end. */
    summarize(): void {
        for (const [option, count] of this.#counts) {
            if (count > 1) this.#log.error(`The option "${option}" failed ${number(count)} times in all.`);
        }
    }

    #describe(error: unknown): string {
        let text: string;
        try {
            text = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
        } catch {
            text = 'it threw what cannot be shown';
        }
        return shorten(escapeControls(this.#removeSecrets(text)), MAX_MESSAGE_LENGTH);
    }
}

/** The first frame of the stack that is neither the library's nor a package's: `src/main.ts:12:9`. */
export function placeInUserCode(error: unknown): string | undefined {
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
