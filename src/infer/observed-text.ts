import { fullFormats } from 'ajv-formats/dist/formats.js';

/** The formats that are told apart, most specific first. */
const FORMATS = ['date-time', 'date', 'email', 'uri'] as const;
export type TextFormat = (typeof FORMATS)[number];

/** More different values than this are no list of values that a person would write. */
export const MAX_DISTINCT_VALUES = 25;
const MAX_LISTED_LENGTH = 40;

const IS_FORMAT: Readonly<Record<TextFormat, (text: string) => boolean>> = {
    'date-time': checkOf('date-time'),
    'date': checkOf('date'),
    'email': checkOf('email'),
    // A URI may be any word with a colon behind it, such as "Note:this".
    'uri': (text) => /^(?:[a-z][a-z\d+.-]*:\/\/|mailto:|tel:)/i.test(text) && isUri(text),
};
const isUri = checkOf('uri');

/** Collects what the texts at one place have in common. The memory that it takes does not grow with their number. */
export class ObservedText {
    #formats: readonly TextFormat[] = FORMATS;
    /** Counts each value; `undefined` once there are too many. */
    #values: Map<string, number> | undefined = new Map();

    add(text: string): void {
        if (this.#formats.length > 0 && !this.#formats.every((format) => IS_FORMAT[format](text))) {
            this.#formats = this.#formats.filter((format) => IS_FORMAT[format](text));
        }
        if (this.#values !== undefined) this.#count(text, 1);
    }

    /** Adds what another one has seen. */
    merge(other: ObservedText): void {
        this.#formats = this.#formats.filter((format) => other.#formats.includes(format));
        if (other.#values === undefined) this.#values = undefined;
        else for (const [text, count] of other.#values) this.#count(text, count);
    }

    /** The format that every text has. */
    get format(): TextFormat | undefined {
        return this.#formats[0];
    }

    /** The count of each value, in the order of their first occurrence; `undefined` where there are too many. */
    get values(): ReadonlyMap<string, number> | undefined {
        return this.#values;
    }

    #count(text: string, count: number): void {
        const values = this.#values;
        if (values === undefined) return;
        const before = values.get(text);
        if (before === undefined && (values.size === MAX_DISTINCT_VALUES || text.length > MAX_LISTED_LENGTH)) {
            this.#values = undefined;
        } else {
            values.set(text, (before ?? 0) + count);
        }
    }
}

function checkOf(name: TextFormat): (text: string) => boolean {
    const format = fullFormats[name];
    if (format instanceof RegExp) return (text) => format.test(text);
    if (typeof format === 'function') return format as (text: string) => boolean;
    const { validate } = format as { validate: RegExp | ((text: string) => boolean) };
    return validate instanceof RegExp ? (text) => validate.test(text) : validate;
}
