import { duration, moment, number } from '../../utils/format.js';
import type { TimelineBucket, TimelineFigures } from '../page.js';
import { swatch } from './bar.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const MINUTE_MILLIS = 60_000;
const HEIGHT = 100;
/** The table has no more rows: of a longer run it has the mean of several buckets. */
const MAX_ROWS = 30;

/** Items per minute over the run: stored and, above them on the same scale, those in quarantine. Nothing for a short run. */
export function renderChart(timeline: TimelineFigures): Markup | undefined {
    const { buckets, bucketMillis, startedAt, endedAt } = timeline;
    if (buckets.length < 2) return undefined;
    const stored = ratesOf(timeline, 'storedItems');
    const quarantined = ratesOf(timeline, 'quarantinedItems');
    const sums = stored.map((rate, index) => rate + quarantined[index]!);
    const most = Math.max(...sums, Number.MIN_VALUE);
    const said = `Stored: at most ${number(Math.max(...stored))} a minute; in quarantine: at most ${number(Math.max(...quarantined))} a minute`;
    const millis = Date.parse(endedAt) - Date.parse(startedAt);
    return html`<section>
        <h3>Items per minute</h3>
        <figure>
            <figcaption>
                ${swatch('stored')}stored, at most ${number(Math.max(...stored))}; ${swatch('quarantined')}in
                quarantine, at most ${number(Math.max(...quarantined))}. Over ${duration(millis)}, in steps of
                ${duration(bucketMillis)}.
            </figcaption>
            <svg
                class="chart"
                viewBox="0 0 ${sums.length} ${HEIGHT}"
                preserveAspectRatio="none"
                role="img"
                aria-label="${said}"
            >
                <path class="quarantined" d="${outline(sums, most)}" />
                <path class="stored" d="${outline(stored, most)}" />
            </svg>
            <p class="axis"><span>${moment(startedAt, 'short')}</span> <span>${moment(endedAt, 'short')} UTC</span></p>
        </figure>
        ${renderTable(timeline, stored, quarantined)}
    </section>`;
}

function ratesOf(timeline: TimelineFigures, key: keyof TimelineBucket): number[] {
    return timeline.buckets.map((bucket, index) => bucket[key] / (lengthOf(index, timeline) / MINUTE_MILLIS));
}

/** The outline of the steps, from the lower left corner to the lower right one. */
function outline(rates: readonly number[], most: number): string {
    const steps = rates.map((rate, index) => `V${Number((HEIGHT - (rate / most) * HEIGHT).toFixed(1))}H${index + 1}`);
    return `M0 ${HEIGHT}${steps.join('')}V${HEIGHT}Z`;
}

function renderTable(timeline: TimelineFigures, stored: readonly number[], quarantined: readonly number[]): Markup {
    const group = Math.ceil(stored.length / MAX_ROWS);
    const rows = Array.from({ length: Math.ceil(stored.length / group) }, (_, row) => row * group);
    return html`<details class="figures">
        <summary>Items a minute as a table</summary>
        <table>
            <thead>
                <tr>
                    <th scope="col">From</th>
                    <th scope="col" class="number">Stored</th>
                    <th scope="col" class="number">In quarantine</th>
                </tr>
            </thead>
            <tbody>
                ${rows.map(
                    (first) =>
                        html`<tr>
                            <th scope="row">${fromStart(timeline.startedAt, first * timeline.bucketMillis)}</th>
                            <td class="number">${number(mean(stored.slice(first, first + group)))}</td>
                            <td class="number">${number(mean(quarantined.slice(first, first + group)))}</td>
                        </tr>`,
                )}
            </tbody>
        </table>
    </details>`;
}

function mean(rates: readonly number[]): number {
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
}

/** A last step that has only begun would otherwise look like a fall; one that has barely begun like a leap. */
function lengthOf(index: number, { buckets, bucketMillis, startedAt, endedAt }: TimelineFigures): number {
    if (index < buckets.length - 1) return bucketMillis;
    const millis = Date.parse(endedAt) - Date.parse(startedAt) - index * bucketMillis;
    return Math.min(bucketMillis, Math.max(bucketMillis / 4, millis));
}

function fromStart(startedAt: string, millis: number): string {
    const time = Date.parse(startedAt) + millis;
    return Number.isNaN(time) ? startedAt : moment(new Date(time).toISOString(), 'short');
}
