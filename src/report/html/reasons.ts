import type { ReasonDetails, ReasonSample } from '../../quality/reasons.js';
import { count, number, percent } from '../../utils/format.js';
import { shorten } from '../../utils/text.js';
import type { ReportPage } from '../page.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { renderPath } from './path.js';
import { renderSuggestions } from './suggestions.js';

/** Reasons with all their samples; those after them have one, the last neither samples nor a description. */
const DETAILED_REASONS = 10;
const SAMPLED_REASONS = 25;
const FEW_SAMPLES = 1;
const MAX_TITLE_LENGTH = 80;
const MAX_DESCRIPTION_LENGTH = 200;
const MAX_MESSAGE_LENGTH = 200;
const MAX_VALUE_LENGTH = 80;
const MAX_IDENTITY_LENGTH = 80;
const MAX_LINK_LENGTH = 200;

/** Why items failed, by field, the most frequent first. */
export function renderReasons(page: ReportPage): Markup | undefined {
    const { reasons, rejectedItems, kind, quarantine, warnedItems = 0 } = page;
    if (reasons.length === 0) return undefined;
    const rank = new Map(reasons.map((reason, index) => [reason, index]));
    const samples = (reason: ReasonDetails) => {
        const index = rank.get(reason)!;
        return index < DETAILED_REASONS
            ? reason.samples
            : index < SAMPLED_REASONS
              ? reason.samples.slice(0, FEW_SAMPLES)
              : [];
    };
    const verb = kind === 'check' ? 'fail' : warnedItems > 0 ? 'do not fit the schema' : 'are in quarantine';
    const isDetailed = (own: readonly ReasonDetails[]) => own.some((reason) => rank.get(reason)! < SAMPLED_REASONS);
    return html`<section>
        <h2>Why items ${verb}</h2>
        <p class="note">
            ${count(reasons.length, 'reason')}. Shares are of the ${count(rejectedItems, 'item')} that failed; an item
            counts once for each of its reasons.
            ${quarantine === undefined ? undefined : html`All their records: ${link(quarantine.url, html`<bdi>${quarantine.name}</bdi>`)}.`}
        </p>
        <ol>
            ${groupByField(reasons).map(([field, own]) => renderField(field, own, page, isDetailed(own), samples))}
        </ol>
    </section>`;
}

function renderField(
    field: string,
    reasons: readonly ReasonDetails[],
    { fields = [], rejectedItems, suggestions }: ReportPage,
    isDetailed: boolean,
    samples: (reason: ReasonDetails) => readonly ReasonSample[],
): Markup {
    const known = fields.find(({ path }) => path === field);
    return html`<li class="field">
        <h3>
            ${known?.title === undefined ? undefined : html`<bdi>${shorten(known.title, MAX_TITLE_LENGTH)}</bdi> `}${renderPath(field)}
        </h3>
        ${known?.description === undefined || !isDetailed ? undefined : html`<p class="note"><bdi>${shorten(known.description, MAX_DESCRIPTION_LENGTH)}</bdi></p>`}
        <ul>
            ${reasons.map((reason) => renderReason(reason, rejectedItems, samples(reason)))}
        </ul>
        ${isDetailed ? renderSuggestions(field, suggestions) : undefined}
    </li>`;
}

function renderReason(reason: ReasonDetails, rejectedItems: number, samples: readonly ReasonSample[]): Markup {
    const isByPlatform = reason.rejectedBy === 'platform' && reason.reason === 'schema';
    return html`<li class="reason">
        <p>
            <span
                ><bdi>${shorten(wordsOf(reason), MAX_MESSAGE_LENGTH)}</bdi
                >${isByPlatform ? ', says the platform' : undefined}</span
            >
            <span><b>${number(reason.count)}</b> ${percent(reason.count, rejectedItems)}</span>
        </p>
        ${samples.some(({ value, item, url }) => value ?? item ?? url) ? renderSamples(samples) : undefined}
    </li>`;
}

function renderSamples(samples: readonly ReasonSample[]): Markup {
    return html`<ul class="samples">
        ${samples.map((sample) => html`<li>${renderValue(sample)} ${renderItem(sample)}</li>`)}
    </ul>`;
}

/** The value and how many items have it; nothing where a value is missing. */
function renderValue({ value, path, count: items }: ReasonSample): Markup | undefined {
    if (value === undefined) return undefined;
    return html`<span>
        <code class="value"><bdi>${shorten(value, MAX_VALUE_LENGTH)}</bdi></code> × ${number(items)}
        ${path.includes('/', 1) ? html`<small>${renderPath(path)}</small>` : undefined}
    </span>`;
}

/** The item's name, linked to its page. */
function renderItem({ item, url }: ReasonSample): Markup | undefined {
    const name = item ?? url;
    if (name === undefined) return undefined;
    const address = [url, item].find(
        (one) => one !== undefined && /^https?:\/\//i.test(one) && one.length <= MAX_LINK_LENGTH,
    );
    const text = html`<bdi>${shorten(name.replace(/^https?:\/\//i, ''), MAX_IDENTITY_LENGTH)}</bdi>`;
    return html`<span>${link(address, text)}</span>`;
}

/** Below its own heading, a missing field is missing; `message` names it for the object around it. */
function wordsOf({ field, path, message }: ReasonDetails): string {
    return field === path ? message : 'is missing';
}

function groupByField(reasons: readonly ReasonDetails[]): [string, ReasonDetails[]][] {
    const groups = new Map<string, ReasonDetails[]>();
    for (const reason of reasons) {
        const field = reason.reason === 'other' ? 'other' : reason.field;
        const group = groups.get(field);
        if (group === undefined) groups.set(field, [reason]);
        else group.push(reason);
    }
    return [...groups];
}
