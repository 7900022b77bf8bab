import type { Fact, ReportPage } from '../page.js';
import { shorten } from '../sample.js';
import { bytes, duration, moment, number } from './format.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const MAX_VALUE_LENGTH = 300;
const HASH_LENGTH = 12;

/** Requests and bytes, the schema, and what run this was. */
export function renderFacts(page: ReportPage): Markup | undefined {
    const groups: [string, readonly Fact[]][] = [
        ['Requests to the dataset', trafficFacts(page)],
        ['Schema', schemaFacts(page)],
        ['About', aboutFacts(page)],
    ];
    const shown = groups.filter(([, facts]) => facts.length > 0);
    if (shown.length === 0) return undefined;
    return html`<div class="facts">
        ${shown.map(
            ([heading, facts]) =>
                html`<section>
                    <h2>${heading}</h2>
                    <dl>
                        ${facts.map(
                            ({ name, value, url }) =>
                                html`<div>
                                    <dt>${name}</dt>
                                    <dd>${link(url, html`<bdi>${shorten(value, MAX_VALUE_LENGTH)}</bdi>`)}</dd>
                                </div>`,
                        )}
                    </dl>
                </section>`,
        )}
    </div>`;
}

function trafficFacts({ traffic }: ReportPage): Fact[] {
    if (traffic === undefined) return [];
    return [
        { name: 'Requests', value: number(traffic.requests) },
        { name: 'Retried', value: number(traffic.retriedRequests) },
        { name: 'Rejected by the platform', value: number(traffic.rejectedRequests) },
        { name: 'Sent, as uncompressed JSON', value: bytes(traffic.sentBytes) },
    ];
}

function schemaFacts({ schema }: ReportPage): Fact[] {
    if (schema === undefined) return [];
    if (schema.source === undefined) return [{ name: 'Used here', value: `none: ${schema.reason ?? 'unknown'}` }];
    return [
        { name: 'From', value: schema.source },
        ...(schema.hash === undefined ? [] : [{ name: 'SHA-256', value: schema.hash.slice(0, HASH_LENGTH) }]),
    ];
}

function aboutFacts({ facts = [], startedAt, writtenAt, version }: ReportPage): Fact[] {
    const millis = startedAt === undefined ? NaN : Date.parse(writtenAt) - Date.parse(startedAt);
    return [
        ...facts,
        ...(startedAt === undefined ? [] : [{ name: 'Started', value: moment(startedAt) }]),
        { name: 'As of', value: moment(writtenAt) },
        ...(Number.isNaN(millis) ? [] : [{ name: 'Duration', value: duration(millis) }]),
        ...(version === undefined ? [] : [{ name: 'Written by', value: `apify-dataset-guard ${version}` }]),
    ];
}
