import { createHash } from 'node:crypto';

import { moment } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { ReportPage } from '../page.js';
import { renderBar } from './bar.js';
import { renderDuplicates, renderRepairs } from './changes.js';
import { renderTechnicalDetails } from './facts.js';
import { renderFields } from './fields.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { plainText } from './path.js';
import { renderReasons } from './reasons.js';
import { renderSteps } from './steps.js';
import { STYLE } from './style.js';
import { renderVerdict } from './verdict.js';
import { headlineOf, isUnchecked } from './words.js';

const MAX_SUBJECT_LENGTH = 120;
const MAX_NOTICE_LENGTH = 500;
const MAX_RUN_LENGTH = 60;

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
    const subject = page.subject === undefined ? undefined : shorten(page.subject, MAX_SUBJECT_LENGTH);
    const document = html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="referrer" content="no-referrer" />
                <meta name="robots" content="noindex" />
                <title>${headline}${subject === undefined ? undefined : ` – ${subject}`}</title>
                ${STYLE_ELEMENT}
            </head>
            <body>
                <main>
                    <header>
                        ${subject === undefined ? undefined : html`<p class="subject"><bdi>${subject}</bdi></p>`}
                        <h1>${headline}</h1>
                        ${renderWhen(page)}
                    </header>
                    ${page.notice === undefined ? undefined : html`<p class="notice" role="note">${plainText(page.notice, MAX_NOTICE_LENGTH)}</p>`}
                    ${renderVerdict(page)} ${renderUnchecked(page)} ${renderBar(page)} ${renderFields(page)}
                    ${renderReasons(page)} ${renderRepairs(page)} ${renderDuplicates(page)} ${renderSteps(page)}
                    ${renderTechnicalDetails(page)}
                </main>
            </body>
        </html> `;
    return document.toString();
}

/** Identifies the run, and its time. */
function renderWhen({ facts = [], writtenAt, isOpen }: ReportPage): Markup {
    const run = facts.find(({ name }) => name === 'Run');
    const time = isOpen ? `still going, as of ${moment(writtenAt)}` : moment(writtenAt);
    return html`<p class="when">
        ${run === undefined ? undefined : html`Run ${link(run.url, html`<bdi>${shorten(run.value, MAX_RUN_LENGTH)}</bdi>`)}, `}${time}
    </p>`;
}

/** Where no schema could check the items, nothing else on the page may look like a good result. */
function renderUnchecked(page: ReportPage): Markup | undefined {
    if (!isUnchecked(page)) return undefined;
    return html`<div class="verdict unchecked">
        <p>
            <b>Items were not checked here:</b>
            <bdi>${plainText(page.schema?.reason ?? 'there is no schema', MAX_NOTICE_LENGTH)}</bdi>
        </p>
    </div>`;
}
