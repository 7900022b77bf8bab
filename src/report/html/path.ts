import { escapeControls, shorten } from '../../utils/text.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const MAX_PATH_LENGTH = 120;

/** A path as code; that of the item itself in words. */
export function renderPath(path: string): Markup {
    return path === '' ? html`The item` : html`<code><bdi>${shorten(path, MAX_PATH_LENGTH)}</bdi></code>`;
}

/** Text from outside, in one line. */
export function plainText(text: string, length: number): string {
    return shorten(escapeControls(text), length);
}
