import { describeReason } from '../../quality/reasons.js';
import { count } from '../../utils/format.js';
import type { ReportPage } from '../page.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { isUnchecked } from './words.js';

const LABELS = { passed: 'Passed', warned: 'Warning', failed: 'Failed', open: 'Open' } as const;
const MAX_UNMET = 20;

/** The verdict in one sentence, and one more for each further expectation that is unmet. */
export function renderVerdict(page: ReportPage): Markup | undefined {
    const { verdict } = page;
    if (verdict === undefined || (verdict.outcome === 'open' && verdict.unmet.length === 0)) return undefined;
    const { outcome, unmet } = verdict;
    if (unmet.length === 0) return renderMet(page);
    const [first, ...others] = unmet.slice(0, MAX_UNMET).map(({ message }) => message);
    return html`<div class="verdict ${outcome}">
        <p><b>${LABELS[outcome]}:</b> ${first}</p>
        ${
            others.length === 0
                ? undefined
                : html`<ul>
                      ${others.map((sentence) => html`<li>${sentence}</li>`)}
                  </ul>`
        }
    </div>`;
}

/** Nothing that was expected is unmet. That is no praise for items that failed, or that nobody has checked. */
function renderMet(page: ReportPage): Markup | undefined {
    const { items, warnedItems = 0, reasons } = page;
    const faulty = warnedItems + (items.quarantinedItems ?? 0);
    if (faulty === 0) {
        if (isUnchecked(page)) return undefined;
        return html`<div class="verdict passed">
            <p><b>Passed:</b> all items were stored</p>
        </div>`;
    }
    const [cause] = reasons.filter(({ reason }) => reason !== 'duplicate');
    const because = cause === undefined ? '' : `, most often ${describeReason(cause)}`;
    const what = warnedItems > 0 ? 'against the schema' : 'in quarantine';
    return html`<div class="verdict warned">
        <p><b>Needs a look:</b> <bdi>${count(faulty, 'item')} ${what}${because}</bdi></p>
    </div>`;
}
