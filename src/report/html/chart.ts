import type { TimelineBucket, TimelineFigures } from '../page.js';
import { duration, moment, number } from './format.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const MINUTE_MILLIS = 60_000;
const HEIGHT = 100;

interface Panel {
    words: string;
    style: string;
    rates: readonly number[];
}

/** Items per minute over the run: stored above, quarantined below, each on a scale of its own, because one dwarfs the other. */
export function renderChart(timeline: TimelineFigures): Markup {
    const { buckets, bucketMillis, startedAt, endedAt } = timeline;
    const millis = Date.parse(endedAt) - Date.parse(startedAt);
    if (buckets.length < 2) {
        return html`<section>
            <h2>Items per minute</h2>
            <p>It took ${duration(millis)}: too short for a chart.</p>
        </section>`;
    }
    const minutes = buckets.map((_, index) => lengthOf(index, timeline) / MINUTE_MILLIS);
    const rates = (key: keyof TimelineBucket) => buckets.map((bucket, index) => bucket[key] / minutes[index]!);
    const panels: Panel[] = [
        { words: 'Stored', style: 'stored', rates: rates('storedItems') },
        { words: 'In quarantine', style: 'quarantined', rates: rates('quarantinedItems') },
    ];
    return html`<section>
        <h2>Items per minute</h2>
        <figure>
            ${panels.map(renderPanel)}
            <p class="axis"><span>${moment(startedAt, 'short')}</span> <span>${moment(endedAt, 'short')} UTC</span></p>
            <figcaption class="note">
                Over ${duration(millis)}, in steps of ${duration(bucketMillis)}. Each of the two has its own scale.
            </figcaption>
        </figure>
        ${renderTable(timeline, panels)}
    </section>`;
}

function renderPanel({ words, style, rates }: Panel): Markup {
    const most = Math.max(...rates);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const said = `${words}: at most ${number(most)} a minute, ${number(mean)} on average`;
    return html`<p class="panel">
            <span class="${style}">${words}</span> at most ${number(most)}, on average ${number(mean)}
        </p>
        <svg
            class="chart"
            viewBox="0 0 ${rates.length} ${HEIGHT}"
            preserveAspectRatio="none"
            role="img"
            aria-label="${said}"
        >
            <path class="${style}" d="${steps(rates, most)}" />
        </svg>`;
}

/** The outline of the steps, from the lower left corner to the lower right one. */
function steps(rates: readonly number[], most: number): string {
    const heights = rates.map((rate) => (most === 0 ? HEIGHT : HEIGHT - (rate / most) * HEIGHT).toFixed(1));
    return `M0 ${HEIGHT}${heights.map((y, index) => `V${y}H${index + 1}`).join('')}V${HEIGHT}Z`;
}

function renderTable({ startedAt, bucketMillis, buckets }: TimelineFigures, panels: readonly Panel[]): Markup {
    return html`<details>
        <summary>The figures as a table</summary>
        <table class="figures">
            <thead>
                <tr>
                    <th scope="col">From</th>
                    ${panels.map(({ words }) => html`<th scope="col">${words} a minute</th>`)}
                </tr>
            </thead>
            <tbody>
                ${buckets.map(
                    (_, index) =>
                        html`<tr>
                            <th scope="row">${fromStart(startedAt, index * bucketMillis)}</th>
                            ${panels.map(({ rates }) => html`<td>${number(rates[index]!)}</td>`)}
                        </tr>`,
                )}
            </tbody>
        </table>
    </details>`;
}

/** A last step that has only begun would otherwise look like a fall; one that has barely begun like a leap. */
function lengthOf(index: number, { buckets, bucketMillis, startedAt, endedAt }: TimelineFigures): number {
    if (index < buckets.length - 1) return bucketMillis;
    const millis = Date.parse(endedAt) - Date.parse(startedAt) - index * bucketMillis;
    return Math.min(bucketMillis, Math.max(bucketMillis / 4, millis));
}

function fromStart(startedAt: string, millis: number): string {
    return moment(new Date(Date.parse(startedAt) + millis).toISOString());
}
