/**
 * Characters that are invisible but change how others are read or what a terminal does: control characters, what reverses the
 * direction of text or hides in it, halves of characters. Joiners are part of many scripts and of emoji.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** At most `length` characters, with an ellipsis where something is cut off; no character is cut in half. */
export function shorten(text: string, length: number): string {
    if (text.length <= length) return text;
    return copyText(`${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`);
}

/** A copy that does not keep the text alive from which it was cut. V8's slices refer to the whole. */
export function copyText(text: string): string {
    return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** The message of an error, without the text that the engine's messages about broken JSON quote: it may be a part of an item. */
export function messageOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    const quotes = error.name === 'SyntaxError' && /\bJSON\b/.test(error.message);
    return quotes ? 'a text is not valid JSON' : error.message;
}

/** For logs, errors and terminals: one line in which nothing has an effect. Escaped as in JSON. */
export function escapeControls(text: string): string {
    return text.replace(UNSEEN, (character) => {
        const named = NAMED_ESCAPES[character];
        if (named !== undefined) return named;
        return Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join('');
    });
}

/** The same for text of several lines that are the program's own. */
export function escapeControlsInLines(text: string): string {
    return text.split('\n').map(escapeControls).join('\n');
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeUnit(unit: number): string {
    return `\\u${unit.toString(16).padStart(4, '0')}`;
}
