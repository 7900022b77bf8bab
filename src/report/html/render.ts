import { createHash } from 'node:crypto';

import type { ReportPage } from '../page.js';
import { shorten } from '../sample.js';
import { renderBar } from './bar.js';
import { renderChart } from './chart.js';
import { renderFacts } from './facts.js';
import { count, number } from './format.js';
import { html } from './markup.js';
import { renderReasons } from './reasons.js';
import { STYLE } from './style.js';

const MAX_SUBJECT_LENGTH = 120;
const MAX_NOTICE_LENGTH = 500;

const STYLE_ELEMENT = html`<style>
    ${STYLE}
</style>`;
const [, STYLE_TEXT] = /^<style>(.*)<\/style>$/s.exec(STYLE_ELEMENT.toString())!;

/** Nothing is allowed but this one style sheet: no script, no image, no frame, no form, no address. */
const POLICY = [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE_TEXT!).digest('base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
].join('; ');

/** The whole page as one HTML document that needs nothing else. */
export function renderReportPage(page: ReportPage): string {
    const headline = headlineOf(page);
    const document = html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="robots" content="noindex" />
                <title>
                    ${headline}${page.subject === undefined ? undefined : ` – ${shorten(page.subject, MAX_SUBJECT_LENGTH)}`}
                </title>
                ${STYLE_ELEMENT}
            </head>
            <body>
                <main>
                    <header>
                        ${page.subject === undefined ? undefined : html`<p class="subject"><bdi>${shorten(page.subject, MAX_SUBJECT_LENGTH)}</bdi></p>`}
                        <h1>${headline}</h1>
                    </header>
                    ${page.notice === undefined ? undefined : html`<p class="notice" role="note">${shorten(page.notice, MAX_NOTICE_LENGTH)}</p>`}
                    ${renderBar(page)} ${renderReasons(page)}
                    ${page.timeline === undefined ? undefined : renderChart(page.timeline)} ${renderFacts(page)}
                </main>
            </body>
        </html> `;
    return document.toString();
}

/** What there is to know, in one line. */
function headlineOf({ kind, items, rejectedItems }: ReportPage): string {
    const { receivedItems = 0, storedItems = 0, quarantinedItems = 0 } = items;
    if (kind === 'quarantine') return `${count(items.quarantinedItems ?? rejectedItems, 'item')} in quarantine`;
    if (kind === 'check') {
        if (receivedItems === 0) return 'No items to check';
        return quarantinedItems === 0
            ? `All ${count(receivedItems, 'item')} pass`
            : `${number(quarantinedItems)} of ${count(receivedItems, 'item')} fail`;
    }
    if (receivedItems === 0) return 'No items were received';
    const stored = `${count(storedItems, 'item')} stored`;
    return quarantinedItems === 0 ? stored : `${stored}, ${number(quarantinedItems)} in quarantine`;
}
