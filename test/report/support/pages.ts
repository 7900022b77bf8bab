import type { ItemError, QuarantineReason } from '../../../src/records.js';
import type { ReportPage, TimelineBucket } from '../../../src/report/page.js';
import { foldErrors } from '../../../src/quality/alternatives.js';
import { FieldCounts } from '../../../src/quality/fields.js';
import { ReasonCounts } from '../../../src/quality/reasons.js';
import { SchemaNames } from '../../../src/quality/schema-names.js';

const START = Date.UTC(2026, 10, 24, 9, 0, 5);
const MINUTE_MILLIS = 60_000;

/** An item that failed, where from, and with which errors. */
export interface Failing {
    item: unknown;
    url?: string;
    errors: ItemError[];
    times?: number;
    reason?: QuarantineReason;
    rejectedBy?: 'guard' | 'platform';
}

export function failure(
    instancePath: string,
    keyword: string,
    params: Record<string, unknown>,
    message?: string,
): ItemError {
    return { instancePath, schemaPath: `#/${keyword}`, keyword, params, message };
}

export const MOVIE_SCHEMA = {
    type: 'object',
    required: ['title', 'url'],
    properties: {
        url: { type: 'string', title: 'Address' },
        title: { type: 'string', title: 'Title', description: 'As on the poster, without the year.' },
        price: { type: 'number', title: 'Price', description: 'In euros, with tax.' },
        rating: { enum: ['G', 'PG', 'PG-13', 'R', 'NC-17', 'Not Rated', null] },
        released: { type: ['string', 'null'], format: 'date', title: 'Release date' },
        year: { type: 'integer' },
        offers: {
            type: 'array',
            title: 'Offers',
            items: { type: 'object', properties: { seller: { type: ['string', 'null'], title: 'Seller' } } },
        },
    },
};

/** Fields of 200 stored movies. */
function movieFields() {
    const fields = new FieldCounts({ schema: MOVIE_SCHEMA });
    for (let n = 0; n < 200; n++) {
        const movie = {
            url: `https://shop.example.com/movies/${n}`,
            title: n % 40 === 0 ? '' : `Movie ${n}`,
            ...(n % 3 !== 0 && { price: n / 10 }),
            rating: n % 7 === 0 ? null : 'PG',
            released: n % 5 === 0 ? null : '1979-05-25',
            year: 1979,
            offers: n % 4 === 0 ? [] : [{ seller: 'Movies & More' }, {}],
            scrapedBy: 'v2',
        };
        fields.store(fields.tally(movie));
    }
    fields.fail(foldErrors([failure('/price', 'type', { type: 'number' })]));
    fields.fail(foldErrors([failure('', 'required', { missingProperty: 'title' })]));
    return fields.details();
}

/** A page as a guard makes it, with reasons that were counted as a guard counts. */
export function pageOf(failing: readonly Failing[], changes: Partial<ReportPage> = {}): ReportPage {
    const counts = new ReasonCounts({ samples: true, names: new SchemaNames(MOVIE_SCHEMA) });
    for (const { item, url, errors, times = 1, reason = 'schema', rejectedBy = 'guard' } of failing) {
        for (let time = 0; time < times; time++) {
            counts.count({ reason, rejectedBy, errors, item: () => item, url });
        }
    }
    const quarantinedItems = counts.rejectedItems;
    return {
        kind: 'run',
        items: { receivedItems: 1_000 + quarantinedItems, storedItems: 1_000, quarantinedItems },
        rejectedItems: counts.rejectedItems,
        reasons: counts.details(),
        writtenAt: new Date(START).toISOString(),
        ...changes,
    };
}

/** A run of 47 minutes over a shop of movies, a fifth of whose prices changed their form half way. */
export function moviePage(): ReportPage {
    const buckets = Array.from({ length: 47 }, (_, minute): TimelineBucket => {
        const storedItems = Math.round(900 + 300 * Math.sin(minute / 4) + (minute % 7) * 40);
        return {
            storedItems,
            quarantinedItems: minute > 25 && minute < 36 ? 18 + (minute % 5) * 9 : minute % 9 === 0 ? 2 : 0,
        };
    });
    const sum = (key: keyof TimelineBucket) => buckets.reduce((total, bucket) => total + bucket[key], 0);
    const startedAt = new Date(START).toISOString();
    const endedAt = new Date(START + 46 * MINUTE_MILLIS + 41_000).toISOString();
    const storedItems = sum('storedItems');
    const page = pageOf([
        {
            item: { price: 'EUR 12,90', title: 'Alien' },
            url: 'https://shop.example.com/movies/alien-1979?currency=eur&page=2',
            errors: [failure('/price', 'type', { type: 'number' }, 'must be number')],
            times: 212,
        },
        {
            item: { title: '', offers: [{ seller: 'x' }, { seller: { name: 'Movies & More' } }] },
            url: 'https://shop.example.com/movies/brazil',
            errors: [
                failure('/title', 'minLength', { limit: 1 }, 'must NOT have fewer than 1 characters'),
                failure('/offers/1/seller', 'type', { type: ['string', 'null'] }, 'must be string,null'),
            ],
            times: 41,
        },
        {
            item: { rating: 'Open' },
            url: 'https://shop.example.com/movies/open',
            errors: [
                failure(
                    '/rating',
                    'enum',
                    { allowedValues: ['G', 'PG', 'PG-13', 'R', 'NC-17', 'Not Rated', null] },
                    'must be equal to one of the allowed values',
                ),
            ],
            times: 24,
        },
        {
            item: { year: 1979 },
            errors: [failure('', 'required', { missingProperty: 'title' }, "must have required property 'title'")],
            times: 9,
            url: 'https://shop.example.com/movies/4711',
        },
        {
            item: { released: '12.6.1998' },
            errors: [failure('/released', 'format', { format: 'date' }, 'must match format "date"')],
            times: 3,
            rejectedBy: 'platform',
            url: 'https://shop.example.com/movies/1998',
        },
        {
            item: null,
            errors: [failure('', 'not-an-object', {}, 'is null, which is not an object')],
            reason: 'not-an-object',
            times: 1,
        },
    ]);
    const { quarantinedItems } = page.items;
    return {
        ...page,
        subject: 'tester/movie-shop',
        items: {
            receivedItems: storedItems + quarantinedItems! + 25 + 30,
            storedItems,
            quarantinedItems,
            duplicateItems: 25,
            discardedItems: 30,
            trimmedItems: 0,
            pendingItems: 0,
            unsentItems: 0,
        },
        traffic: { requests: 1_204, rejectedRequests: 2, retriedRequests: 5, sentBytes: 48_113_207 },
        timeline: { startedAt, endedAt, bucketMillis: MINUTE_MILLIS, buckets },
        schema: { source: 'dataset 0KqOZ3Tq5xAuYVbPr', hash: 'c0ffee1234567890abcdef' },
        facts: [
            {
                name: 'Run',
                value: 'RunRunRunRunRun01',
                url: 'https://console.apify.com/actors/ActorActorActor01/runs/RunRunRunRunRun01',
            },
            { name: 'Build', value: '0.1.7' },
            {
                name: 'Dataset',
                value: '0KqOZ3Tq5xAuYVbPr',
                url: 'https://console.apify.com/storage/datasets/0KqOZ3Tq5xAuYVbPr',
            },
            { name: 'Quarantine', value: 'tester-movie-shop-quarantine' },
        ],
        verdict: {
            outcome: 'warned',
            unmet: [
                {
                    expectation: 'filled.price',
                    expected: 0.95,
                    actual: 0.665,
                    message: 'price is filled in 67 % of items; expected at least 95 %',
                },
                {
                    expectation: 'minItems',
                    expected: 50_000,
                    actual: storedItems,
                    message: 'only 48,225 items stored; expected at least 50,000',
                },
            ],
        },
        fields: movieFields(),
        repairedItems: 311,
        repairs: [
            { path: '/year', action: 'coerced', count: 300, samples: [{ before: '"1979"', after: '1979' }] },
            { path: '/offers/*/note', action: 'removed', count: 11, samples: [{ before: '"sold out"' }] },
        ],
        duplicates: { found: 25, samples: ['"https://shop.example.com/movies/alien"'] },
        quarantine: {
            name: 'tester-movie-shop-quarantine',
            url: 'https://console.apify.com/storage/datasets/QuarantineQuarant',
        },
        startedAt,
        writtenAt: endedAt,
        version: '0.1.0',
    };
}
