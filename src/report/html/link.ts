import type { Content, Markup } from './markup.js';
import { html } from './markup.js';

/** A link where the address is one of the web; else the text alone. */
export function link(url: string | undefined, text: Content): Markup {
    if (url === undefined || !isWebAddress(url)) return html`${text}`;
    return html`<a href="${new URL(url).href}" rel="noopener noreferrer nofollow">${text}</a>`;
}

function isWebAddress(url: string): boolean {
    return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol);
}
