import { stripVTControlCharacters, styleText } from 'node:util';

import { count as countOf } from '../utils/format.js';
import { escapeControls, escapeControlsInLines } from '../utils/text.js';

/** Between two updates of the progress line. */
const UPDATE_MILLIS = 200;
/** A narrower terminal breaks words anyway. */
const MIN_WIDTH = 20;

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
    process.stderr.write(`${wrap(visible(message), process.stderr)}\n`);
}

/** Prints text that is safe to print; on a terminal, long lines are wrapped between words. */
export function print(text: string): void {
    process.stdout.write(`${wrap(text, process.stdout)}\n`);
}

export function printJson(value: unknown): void {
    printJsonText(JSON.stringify(value, null, 4));
}

/** Prints JSON of several lines. Characters that a terminal obeys are escaped, which JSON reads as the same. */
export function printJsonText(text: string): void {
    process.stdout.write(`${visible(text)}\n`);
}

export function count(amount: number, noun: string): string {
    return countOf(amount, noun);
}

/** Scraped text may hold what a terminal obeys: control characters are shown as JSON shows them. Line breaks stay. */
export function visible(text: string): string {
    return escapeControlsInLines(text);
}

/** Text of an item or a schema as a part of one line. */
export function oneLine(text: string): string {
    return escapeControls(text);
}

type Tone = 'good' | 'bad' | 'warning' | 'quiet';

const COLOURS = { good: 'green', bad: 'red', warning: 'yellow', quiet: 'gray' } as const;

/** Colours text where standard output is a terminal that has colours, and nobody asked for none (`NO_COLOR`). */
export function coloured(tone: Tone, text: string): string {
    const { stdout } = process;
    return stdout.isTTY && stdout.hasColors() ? styleText(COLOURS[tone], text) : text;
}

function wrap(text: string, stream: NodeJS.WriteStream): string {
    return stream.isTTY ? wrapLines(text, stream.columns) : text;
}

/** Breaks lines between words; what follows is indented as the line that it belongs to. Escape sequences take no room. */
export function wrapLines(text: string, width: number): string {
    if (!(width >= MIN_WIDTH)) return text;
    return text
        .split('\n')
        .map((line) => wrapLine(line, width))
        .join('\n');
}

function wrapLine(line: string, width: number): string {
    // In a table two spaces follow a number; in a sentence one does.
    const indent = /^\s*(?:\d[\d,]*\s{2,})?/.exec(line)![0].length;
    const hanging = ' '.repeat(Math.min(indent, Math.floor(width / 2)));
    const lines: string[] = [];
    let current = '';
    for (const word of line.match(/\s*\S+/g) ?? []) {
        if (current !== '' && widthOf(current + word) > width && current.trim() !== '') {
            lines.push(current);
            current = hanging + word.trimStart();
        } else {
            current += word;
        }
    }
    lines.push(current);
    return lines.join('\n');
}

function widthOf(text: string): number {
    return stripVTControlCharacters(text).length;
}
