/** Between two updates of the progress line. */
const UPDATE_MILLIS = 200;

/** A line on standard error that says how far the work is; nothing where standard error is no terminal. */
export class Progress {
    readonly #stream: NodeJS.WriteStream;
    #shownAt = 0;
    #isShown = false;

    constructor(stream: NodeJS.WriteStream = process.stderr) {
        this.#stream = stream;
    }

    show(words: () => string): void {
        if (!this.#stream.isTTY) return;
        const now = performance.now();
        if (now - this.#shownAt < UPDATE_MILLIS) return;
        this.#shownAt = now;
        this.#isShown = true;
        this.#stream.write(`\r\u001b[2K${words().slice(0, this.#stream.columns - 1)}`);
    }

    /** Takes the line away. */
    clear(): void {
        if (this.#isShown) this.#stream.write('\r\u001b[2K');
        this.#isShown = false;
    }
}

/** Says something to a person, beside what the command prints. */
export function say(message: string): void {
    process.stderr.write(`${visible(message)}\n`);
}

export function print(text: string): void {
    process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
    print(JSON.stringify(value, null, 4));
}

export function count(amount: number, noun: string): string {
    return `${amount.toLocaleString('en-US')} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Scraped text may hold what a terminal obeys: control characters are shown as JSON shows them. */
export function visible(text: string): string {
    return text.replaceAll(
        /(?!\n)[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069]/gu,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

/** Text of an item or a schema as a part of one line. */
export function oneLine(text: string): string {
    return visible(text.replaceAll('\n', ' '));
}
