import { bytes, duration, moment, number } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { Fact, ReportPage } from '../page.js';
import { renderChart } from './chart.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';

const MAX_VALUE_LENGTH = 300;
const HASH_LENGTH = 12;

/** The course of the run, requests and bytes, the schema, and what run this was: folded. */
export function renderTechnicalDetails(page: ReportPage): Markup | undefined {
    const chart = page.timeline && renderChart(page.timeline);
    const groups: [string, readonly Fact[]][] = [
        ['Requests to the dataset', trafficFacts(page)],
        ['Schema', schemaFacts(page)],
        ['About', aboutFacts(page)],
    ];
    const shown = groups.filter(([, facts]) => facts.length > 0);
    return html`<section class="technical">
        <h2>Technical details</h2>
        <details>
            <summary>
                ${chart === undefined ? 'Requests, schema, run' : 'Items per minute, requests, schema, run'}
            </summary>
            ${chart}
            <div class="facts">${shown.map(renderGroup)}</div>
        </details>
    </section>`;
}

function renderGroup([heading, facts]: [string, readonly Fact[]]): Markup {
    return html`<section>
        <h3>${heading}</h3>
        <dl>
            ${facts.map(
                ({ name, value, url }) =>
                    html`<div>
                        <dt>${name}</dt>
                        <dd>${link(url, html`<bdi>${shorten(value, MAX_VALUE_LENGTH)}</bdi>`)}</dd>
                    </div>`,
            )}
        </dl>
    </section>`;
}

function trafficFacts({ traffic, items }: ReportPage): Fact[] {
    const discarded = items.discardedItems ?? 0;
    return [
        ...(traffic === undefined
            ? []
            : [
                  { name: 'Requests', value: number(traffic.requests) },
                  { name: 'Retried', value: number(traffic.retriedRequests) },
                  { name: 'Rejected by the platform', value: number(traffic.rejectedRequests) },
                  { name: 'Sent, as uncompressed JSON', value: bytes(traffic.sentBytes) },
              ]),
        ...(discarded > 0 ? [{ name: 'Items given back to their caller', value: number(discarded) }] : []),
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
