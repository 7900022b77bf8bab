import type { ReportPage } from '../page.js';
import type { ReasonDetails } from '../reasons.js';
import { shorten } from '../sample.js';
import { count, number, percent } from './format.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

/** So many reasons show their samples at once; those of the others are folded up. */
const OPEN_REASONS = 5;
const MAX_PATH_LENGTH = 200;
const MAX_RULE_LENGTH = 300;
const MAX_VALUE_LENGTH = 200;
const MAX_URL_TEXT_LENGTH = 90;

/** Why items failed, most frequent first. */
export function renderReasons({ reasons, rejectedItems }: Pick<ReportPage, 'reasons' | 'rejectedItems'>): Markup {
    if (reasons.length === 0)
        return html`<section>
            <h2>Why items failed</h2>
            <p>No item failed.</p>
        </section>`;
    return html`<section>
        <h2>Why items failed</h2>
        <p class="note">
            ${count(reasons.length, 'reason')}, the most frequent first. Shares are of the
            ${count(rejectedItems, 'item')} that failed; an item counts once for each of its reasons.
        </p>
        <ol class="reasons">
            ${reasons.map((reason, index) => renderReason(reason, rejectedItems, index < OPEN_REASONS))}
        </ol>
    </section>`;
}

function renderReason(reason: ReasonDetails, rejectedItems: number, isOpen: boolean): Markup {
    const { place, rule, count: items, rejectedBy, examples } = reason;
    const width = rejectedItems === 0 ? 0 : Math.min(100, (items / rejectedItems) * 100);
    return html`<li class="reason">
        <div class="head">
            <h3>${renderPath(place)} <bdi class="rule">${shorten(rule, MAX_RULE_LENGTH)}</bdi></h3>
            <p class="figures"><b>${number(items)}</b> <span>${percent(items, rejectedItems)}</span></p>
        </div>
        <svg class="share" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="1" />
            <rect class="quarantined" width="${Number(width.toFixed(2))}" height="1" />
        </svg>
        ${rejectedBy === 'platform' && reason.reason === 'schema' ? html`<p class="note">Rejected by the platform, not here.</p>` : undefined}
        ${examples.length === 0 ? undefined : renderSamples(reason, isOpen)}
    </li>`;
}

function renderSamples({ keyword, examples }: ReasonDetails, isOpen: boolean): Markup {
    // Nothing is known of pages where items are not pushed through one of the doors for crawlers.
    const hasPages = examples.some(({ url }) => url !== undefined);
    // The roles are said again because a table that is laid out as blocks, on a phone, is none to some screen readers.
    return html`<details${isOpen ? html` open` : undefined}>
        <summary>${count(examples.length, 'sample')}</summary>
        <table role="table" class="samples">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">Place in the item</th>
                    <th role="columnheader" scope="col">Value</th>
                    ${hasPages ? html`<th role="columnheader" scope="col">Page</th>` : undefined}
                </tr>
            </thead>
            <tbody role="rowgroup">
                ${examples.map(
                    ({ path, value, url }) =>
                        html`<tr role="row">
                            <td role="cell">${renderPath(path)}</td>
                            <td role="cell">${renderValue(value, keyword)}</td>
                            ${hasPages ? html`<td role="cell">${renderUrl(url)}</td>` : undefined}
                        </tr>`,
                )}
            </tbody>
        </table>
    </details>`;
}

function renderUrl(url: string | undefined): Markup {
    return url === undefined ? html`–` : link(url, shorten(url.replace(/^https?:\/\//, ''), MAX_URL_TEXT_LENGTH));
}

function renderPath(path: string): Markup {
    return path === ''
        ? html`<span class="whole">The item</span>`
        : html`<code><bdi>${shorten(path, MAX_PATH_LENGTH)}</bdi></code>`;
}

function renderValue(value: string | undefined, keyword: string): Markup {
    return value === undefined
        ? html`<span class="none">${keyword === 'required' ? 'missing' : 'not shown'}</span>`
        : html`<code class="value"><bdi>${shorten(value, MAX_VALUE_LENGTH)}</bdi></code>`;
}
