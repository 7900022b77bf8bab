import { count, number } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { RepairSummary } from '../../quality/guard-report.js';
import { describeRepair } from '../../quality/repair-words.js';
import type { ReportPage } from '../page.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { renderPath } from './path.js';

const MAX_REPAIRS = 30;
const MAX_VALUE_LENGTH = 60;
const MAX_KEYS = 5;

/** Lists the changes that `repair` made. */
export function renderRepairs({ kind, repairs = [], repairedItems = 0 }: ReportPage): Markup | undefined {
    if (repairs.length === 0) return undefined;
    const left = repairs.length - MAX_REPAIRS;
    return html`<section>
        <h2>Repairs</h2>
        <p class="note">
            ${count(repairedItems, 'item')} ${kind === 'check' ? 'would be stored' : 'stored'} after a repair.
        </p>
        <table>
            <thead>
                <tr>
                    <th scope="col">Field</th>
                    <th scope="col">What was done</th>
                    <th scope="col" class="number">Items</th>
                </tr>
            </thead>
            <tbody>
                ${repairs.slice(0, MAX_REPAIRS).map(renderRepair)}
            </tbody>
        </table>
        ${left > 0 ? html`<p class="note">And ${number(left)} more.</p>` : undefined}
    </section>`;
}

function renderRepair({ path, action, count: items, samples }: RepairSummary): Markup {
    const [sample] = samples;
    return html`<tr>
        <th scope="row">${renderPath(path)}</th>
        <td>
            ${describeRepair(action)}${sample === undefined ? undefined : html`: ${renderValue(sample.before)} → ${renderValue(sample.after)}`}
        </td>
        <td class="number">${number(items)}</td>
    </tr>`;
}

function renderValue(value: string | undefined): Markup {
    return value === undefined ? html`nothing` : html`<code><bdi>${shorten(value, MAX_VALUE_LENGTH)}</bdi></code>`;
}

/** Items that were there before. */
export function renderDuplicates({ duplicates, items }: ReportPage): Markup | undefined {
    if (duplicates === undefined || duplicates.found === 0) return undefined;
    const left = items.duplicateItems ?? 0;
    return html`<section>
        <h2>Duplicates</h2>
        <p>
            ${count(duplicates.found, 'item')} had the key of an item that came
            before${left === 0 ? undefined : left === duplicates.found ? ', and were left out' : `; ${number(left)} of them were left out`}.
        </p>
        ${
            duplicates.samples.length === 0
                ? undefined
                : html`<p class="note">
                      For example
                      ${duplicates.samples.slice(0, MAX_KEYS).map((key, index) => html`${index > 0 ? ', ' : ''}${renderValue(key)}`)}
                  </p>`
        }
    </section>`;
}
