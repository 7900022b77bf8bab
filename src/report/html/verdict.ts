import type { ReportPage } from '../page.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const LABELS = { passed: 'Passed', warned: 'Warning', failed: 'Failed', open: 'Open' } as const;
const MAX_UNMET = 20;

/** What the data is worth: one sentence, and one for each further expectation that is unmet. */
export function renderVerdict({ verdict, kind, items, warnedItems = 0 }: ReportPage): Markup | undefined {
    if (verdict === undefined || (verdict.outcome === 'open' && verdict.unmet.length === 0)) return undefined;
    const { outcome, unmet } = verdict;
    const sentences = unmet.slice(0, MAX_UNMET).map(({ message }) => message);
    if (sentences.length === 0) {
        const isClean = kind === 'check' || ((items.quarantinedItems ?? 0) === 0 && warnedItems === 0);
        sentences.push(isClean ? 'all items were stored' : 'what was expected is met; some items need a look');
    }
    const [first, ...others] = sentences;
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
