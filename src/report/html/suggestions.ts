import { count } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { FieldRepair, FieldSuggestion } from '../suggestion.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

/** More than this is no small change of a schema. */
const MAX_SUGGESTIONS = 3;
const MAX_CHANGE_LENGTH = 200;
const MAX_VALUE_LENGTH = 60;
/** A longer function is printed by the command line. */
const MAX_CODE_LENGTH = 1_500;

/** Lists changes of the schema that would accept the items that fail at a field, and repairs that would mend them. */
export function renderSuggestions(field: string, suggestions: readonly FieldSuggestion[] = []): Markup | undefined {
    const own = suggestions.filter((suggestion) => suggestion.field === field);
    if (own.length === 0) return undefined;
    return html`<ul class="suggestions">
        ${own.slice(0, MAX_SUGGESTIONS).map(renderSuggestion)}
    </ul>`;
}

function renderSuggestion({ change, letInItems, repair }: FieldSuggestion): Markup {
    return html`<li>
        In the schema:
        <bdi>${shorten(change, MAX_CHANGE_LENGTH)}</bdi
        >${letInItems === undefined ? undefined : `, which lets in ${count(letInItems, 'item')}`}.
        ${repair === undefined ? undefined : renderRepair(repair)}
    </li>`;
}

function renderRepair({ code, name, mends, sample }: FieldRepair): Markup {
    const words = html`Or mend ${mends},
    ${name}${sample === undefined ? undefined : html`: ${renderValue(sample.before)} → ${renderValue(sample.after)}`}`;
    if (code.length > MAX_CODE_LENGTH)
        return html`${words}; <code>npx apify-dataset-guard suggest</code> prints the function`;
    if (!code.includes('\n')) return html`${words}, with <code>${code}</code>`;
    return html`<details>
        <summary>${words}</summary>
        <pre>${code}</pre>
    </details>`;
}

function renderValue(json: string | undefined): Markup {
    return json === undefined ? html`nothing` : html`<code><bdi>${shorten(json, MAX_VALUE_LENGTH)}</bdi></code>`;
}
