import type { Log } from '../ports.js';
import { number } from '../utils/format.js';
import type { SecretRemover } from '../utils/secrets.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import { escapeControls, messageOf, shorten } from '../utils/text.js';
import { placeInUserCode, WrongResultError } from '../utils/user-code.js';

const MAX_MESSAGE_LENGTH = 300;
/** Errors thrown by the user's own functions: the first of each function is logged with its place, all are counted. */
export class CallbackErrors {
    readonly #log: Log;
    readonly #removeSecrets: SecretRemover;
    readonly #counts = new Map<string, number>();

    constructor(log: Log, removeSecrets: SecretRemover = removeGenericSecrets) {
        this.#log = log;
        this.#removeSecrets = removeSecrets;
    }

    /**
     * `consequence` says what becomes of the item. `isHiding`: the function was to hide something, which the message of its error
     * may hold.
     */
    add(option: string, error: unknown, consequence = 'The item goes on without it', isHiding = false): void {
        const count = this.#counts.get(option) ?? 0;
        this.#counts.set(option, count + 1);
        if (count > 0) return;
        const place = placeInUserCode(error);
        const where = place === undefined ? '' : ` at ${place}`;
        this.#log.error(
            `The option "${option}" failed: ${isHiding ? kindOf(error) : this.#describe(error)}${where}. ${consequence}. Further errors of it are counted.`,
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
            text = error instanceof Error ? `${error.name}: ${messageOf(error)}` : `it threw ${String(error)}`;
        } catch {
            text = 'it threw what cannot be shown';
        }
        return shorten(escapeControls(this.#removeSecrets(text)), MAX_MESSAGE_LENGTH);
    }
}

/** What may be said of an error without its message, unless the library has made that. */
function kindOf(error: unknown): string {
    if (error instanceof WrongResultError) return `${error.name}: ${error.message}`;
    return error instanceof Error ? String(error.name) : 'it threw what is no error';
}
