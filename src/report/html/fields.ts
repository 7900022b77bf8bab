import type { FieldDetails } from '../../quality/fields.js';
import { count, number, percent } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { ReportPage } from '../page.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { renderPath } from './path.js';

/** More would hide those that matter. */
const MAX_ROWS = 20;
const MAX_NAMES = 50;
const MAX_TITLE_LENGTH = 80;
const MAX_EXAMPLE_LENGTH = 40;

/** Shows the counts of each field. Faultless ones are folded. */
export function renderFields({ fields = [], isOpen }: ReportPage): Markup | undefined {
    if (fields.every(({ totalItems }) => totalItems === 0)) return undefined;
    const faulty = fields.filter((field) => !isFaultless(field)).toSorted(byFault);
    const shown = faulty.slice(0, MAX_ROWS);
    const rest = faulty.slice(MAX_ROWS);
    const faultless = fields.filter(isFaultless);
    return html`<section>
        <h2>Fields</h2>
        <p class="note">
            ${faulty.length === 0 ? 'All fields are filled in all stored items' : `${number(faulty.length)} of ${count(fields.length, 'field')} have gaps or failures`}${isOpen ? ' so far' : ''}.
        </p>
        ${shown.length === 0 ? undefined : renderTable(shown)} ${foldNames('more with gaps', rest)}
        ${foldNames('filled in all items', faultless)}
    </section>`;
}

function renderTable(rows: readonly FieldDetails[]): Markup {
    // The roles are repeated because some screen readers take a table that is laid out as blocks, on a phone, for no table.
    return html`<table role="table" class="fields">
        <thead role="rowgroup">
            <tr role="row">
                <th role="columnheader" scope="col">Field</th>
                <th role="columnheader" scope="col">Filled</th>
                <th role="columnheader" scope="col" class="number">Null</th>
                <th role="columnheader" scope="col" class="number">Failed</th>
                <th role="columnheader" scope="col">Example</th>
            </tr>
        </thead>
        <tbody role="rowgroup">
            ${rows.map(renderRow)}
        </tbody>
    </table>`;
}

function renderRow({ path, title, totalItems, filledItems, nullItems, failedItems, example }: FieldDetails): Markup {
    const share = totalItems === 0 ? 0 : (filledItems / totalItems) * 100;
    return html`<tr role="row">
        <th role="rowheader" scope="row">${renderName(path, title)}</th>
        <td role="cell">
            ${totalItems === 0 ? 'nothing to count' : `${percent(filledItems, totalItems)} of ${number(totalItems)}`}
            <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width="100" height="1" />
                <rect class="stored" width="${Number(share.toFixed(2))}" height="1" />
            </svg>
        </td>
        <td role="cell" class="number">${number(nullItems)}</td>
        <td role="cell" class="number">${failedItems === 0 ? '0' : html`<b>${number(failedItems)}</b>`}</td>
        <td role="cell">
            ${example === undefined ? '–' : html`<code class="value"><bdi>${shorten(example, MAX_EXAMPLE_LENGTH)}</bdi></code>`}
        </td>
    </tr>`;
}

function renderName(path: string, title: string | undefined): Markup {
    return title === undefined
        ? renderPath(path)
        : html`<bdi>${shorten(title, MAX_TITLE_LENGTH)}</bdi> <small>${renderPath(path)}</small>`;
}

function foldNames(words: string, fields: readonly FieldDetails[]): Markup | undefined {
    if (fields.length === 0) return undefined;
    const left = fields.length - MAX_NAMES;
    return html`<details>
        <summary>${count(fields.length, 'field')} ${words}</summary>
        <ul class="names">
            ${fields.slice(0, MAX_NAMES).map(({ path }) => html`<li>${renderPath(path)}</li>`)}
            ${left > 0 ? html`<li>and ${number(left)} more</li>` : undefined}
        </ul>
    </details>`;
}

function isFaultless({ totalItems, filledItems, failedItems }: FieldDetails): boolean {
    return filledItems === totalItems && failedItems === 0 && totalItems > 0;
}

/** Failed ones first, then the emptiest; fields that the schema knows before others. */
function byFault(a: FieldDetails, b: FieldDetails): number {
    const share = ({ filledItems, totalItems }: FieldDetails) => (totalItems === 0 ? 0 : filledItems / totalItems);
    return b.failedItems - a.failedItems || Number(b.isExpected) - Number(a.isExpected) || share(a) - share(b);
}
