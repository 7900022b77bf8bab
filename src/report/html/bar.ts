import { count, number, percent } from '../../utils/format.js';
import type { ReportPage } from '../page.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { outcomesOf, receivedOf } from './words.js';

/** A part that would be thinner is drawn this wide, in thousandths of the bar, so that it is seen. */
const MIN_WIDTH = 6;
const WIDTH = 1_000;

/** Shows the outcomes of all items as one bar with a legend. */
export function renderBar(page: Pick<ReportPage, 'kind' | 'items' | 'warnedItems'>): Markup | undefined {
    const { kind, items } = page;
    const total = receivedOf(items);
    const shown = outcomesOf(page);
    if (total === 0 || shown.length < 2) return undefined;

    const said = shown.map(({ amount, words }) => `${number(amount)} ${words}`).join(', ');
    let x = 0;
    const rects = widths(shown.map(({ amount }) => amount)).map((width, index) => {
        const rect = html`<rect class="${shown[index]!.style}" x="${x}" width="${width}" height="10" />`;
        x += width;
        return rect;
    });
    return html`<section class="outcome" aria-label="What became of the items">
        <p><b>${count(total, 'item')}</b> ${kind === 'check' ? 'read' : 'received'}</p>
        <svg class="bar" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" role="img" aria-label="${said}">
            <rect class="track" width="${WIDTH}" height="10" />
            ${rects}
        </svg>
        <ul class="legend">
            ${shown.map(
                ({ amount, words, style }) =>
                    html`<li>${swatch(style)}<b>${number(amount)}</b> ${words} <i>${percent(amount, total)}</i></li>`,
            )}
        </ul>
    </section>`;
}

/** The colour of a part, beside its words. */
export function swatch(style: string): Markup {
    return html`<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">
        <rect class="${style}" width="1" height="1" />
    </svg>`;
}

/** In proportion, but nothing that is there too thin to be seen; whole numbers that fill the bar. */
function widths(amounts: readonly number[]): number[] {
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    if (total === 0) return amounts.map(() => 0);
    const wanted = amounts.map((amount) => (amount === 0 ? 0 : Math.max(MIN_WIDTH, (amount / total) * WIDTH)));
    const excess = wanted.reduce((sum, width) => sum + width, 0) - WIDTH;
    const widest = wanted.indexOf(Math.max(...wanted));
    return wanted.map((width, index) => Number((index === widest ? width - excess : width).toFixed(2)));
}
