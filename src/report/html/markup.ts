/** Markup that `html` made, and nothing else: all that came into it from outside is escaped. */
export interface Markup {
    readonly isMarkup: true;
    toString(): string;
}

/** Not exported: there is no other way to make one. */
class SafeMarkup implements Markup {
    readonly isMarkup = true;
    readonly #text: string;

    constructor(text: string) {
        this.#text = text;
    }

    toString(): string {
        return this.#text;
    }
}

export type StyleSheet = Markup;

/** Values of a template: text and numbers are escaped, markup is taken as it is, lists are put one behind the other. */
export type Content = string | number | Markup | undefined | readonly Content[];

/**
 * The one way to make markup. Whatever is put into the template is escaped, in text and between the quotes of an attribute
 * alike; only what `html` itself made is not.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
    const compact = compacted(strings);
    return new SafeMarkup(compact.reduce((text, string, index) => `${text}${toMarkup(contents[index - 1])}${string}`));
}

/** A style sheet: a constant of ours, into which nothing can be put. */
export function css(strings: TemplateStringsArray): StyleSheet {
    return new SafeMarkup(strings.join('').replaceAll(/\s*\n\s*/g, '\n'));
}

const compactedTemplates = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The template without its indentation, of which a page would otherwise consist for a third. */
function compacted(strings: TemplateStringsArray): readonly string[] {
    let compact = compactedTemplates.get(strings);
    if (compact === undefined) {
        compact = strings.map((string) => string.replaceAll(/\s*\n\s*/g, '\n'));
        compactedTemplates.set(strings, compact);
    }
    return compact;
}

function toMarkup(content: Content): string {
    if (content === undefined) return '';
    if (content instanceof SafeMarkup) return content.toString();
    if (Array.isArray(content)) return content.map(toMarkup).join('');
    return escape(String(content));
}

const ENTITIES: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
    '`': '&#96;',
};

/**
 * Characters that cannot be seen but change how others are read: control characters but for white space, what reverses
 * the direction of text or hides in it, halves of characters. Joiners are part of many scripts and of emoji.
 */
const UNSEEN = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** More marks on one letter than any script puts there. Browsers draw them over other lines, or in a row that breaks nowhere. */
const STACKED_MARKS = /(\p{M}{8})(\p{M}+)/gu;

function escape(text: string): string {
    return text
        .replace(/[&<>"'`]/g, (character) => ENTITIES[character]!)
        .replace(UNSEEN, named)
        .replace(STACKED_MARKS, (_, first: string, others: string) => `${first}[${[...others].length} more marks]`);
}

/** As it is named in Unicode's tables, in place of the character itself. */
function named(character: string): string {
    return `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`;
}
