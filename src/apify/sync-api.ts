import { platform } from 'node:os';

import type { ApifyClient } from 'apify';

import type { ListedPage, PageRange, SendResult } from '../ports.js';
import type { SyncRequest, SyncResponse } from '../utils/request-sync.js';
import { FirstRequests, requestSync } from '../utils/request-sync.js';
import { toSendResult } from './api-error.js';
import { startCountdown } from './countdown.js';
import type { SyncRecord, SyncRunStore, SyncSaveExtras, SyncStorage } from './sync-storages.js';

const JSON_TYPE = 'application/json';
/** Text with a hyphen is a name. */
const MAY_BE_ID = /^[A-Za-z\d]+$/;
const NOTHING_FIRST = new FirstRequests([], () => undefined);

/** A dataset by id, by name, or by text that may be either, as the SDK takes it. */
type DatasetTarget = string | { id: string } | { name: string };

/** As far as an `ApifyClient` shows what it sends along. */
type Client = Pick<ApifyClient, 'baseUrl' | 'token'> & {
    httpClient?: { axios?: { defaults?: { headers?: Record<string, unknown> } } };
};

/** Whether a storage client talks to the platform. */
export function isApiClient(client: unknown): client is ApifyClient {
    return (client as { httpClient?: unknown } | undefined)?.httpClient !== undefined;
}

/** The Apify API, called as an `ApifyClient` calls it. */
export class SyncApi {
    readonly #baseUrl: string;
    readonly #headers: Record<string, string>;

    constructor(client: ApifyClient) {
        const { baseUrl, token, httpClient } = client as Client;
        this.#baseUrl = baseUrl;
        const workflowKey = process.env.APIFY_WORKFLOW_KEY;
        this.#headers = {
            'user-agent': `${userAgentOf(httpClient)}; apify-dataset-guard`,
            ...(token && { authorization: `Bearer ${token}` }),
            ...(workflowKey && { 'x-apify-workflow-key': workflowKey }),
        };
    }

    request(method: SyncRequest['method'], path: string, body?: Buffer, contentType = JSON_TYPE): SyncRequest {
        const headers = body === undefined ? this.#headers : { ...this.#headers, 'content-type': contentType };
        return { method, url: `${this.#baseUrl}/${path}`, headers, ...(body && { body }) };
    }
}

/** The client makes its own before its first request. */
function userAgentOf(httpClient: Client['httpClient']): string {
    const userAgent = httpClient?.axios?.defaults?.headers?.['User-Agent'];
    if (typeof userAgent === 'string') return userAgent;
    return `ApifyClient (${platform()}; Node/${process.version}); isAtHome/${Boolean(process.env.APIFY_IS_AT_HOME)}`;
}

export class SyncApiDataset implements SyncStorage {
    readonly #api: SyncApi;
    readonly #target: DatasetTarget;
    #id: string | undefined;

    constructor(api: SyncApi, target: DatasetTarget) {
        this.#api = api;
        this.#target = target;
        if (typeof target === 'object' && 'id' in target) this.#id = target.id;
    }

    pushAll(bodies: readonly Buffer[], maxMillis: number, first = NOTHING_FIRST): SendResult[] {
        if (bodies.length === 0) return [];
        const remaining = startCountdown(maxMillis);
        try {
            const id = this.#open(remaining);
            const requests = bodies.map((body) => this.#api.request('POST', `datasets/${id}/items`, body));
            return first.makeBefore(requests, remaining()).map(toResult);
        } catch (error) {
            // Nothing was sent: the dataset cannot be opened, or no child process can be started.
            const result = toSendResult(error);
            return bodies.map(() => ('outcomeUnknown' in result ? { ...result, outcomeUnknown: false } : result));
        }
    }

    list(ranges: readonly PageRange[], maxMillis: number, first = NOTHING_FIRST): (ListedPage | undefined)[] {
        const remaining = startCountdown(maxMillis);
        try {
            const items = `datasets/${this.#open(remaining)}/items`;
            const requests = ranges.map(({ offset, limit }) =>
                this.#api.request('GET', `${items}?offset=${offset}&limit=${limit}`),
            );
            return first.makeBefore(requests, remaining()).map((response, index) => toPage(response, ranges[index]!));
        } catch {
            return ranges.map(() => undefined);
        }
    }

    /** Finds the dataset's id, and creates the dataset where there is none. @throws what `toSendResult` understands */
    #open(remaining: () => number): string {
        this.#id ??= this.#find(remaining) ?? this.#create(remaining);
        return this.#id;
    }

    #find(remaining: () => number): string | undefined {
        if (typeof this.#target !== 'string' || !MAY_BE_ID.test(this.#target)) return undefined;
        const request = this.#api.request('GET', `datasets/${encodeURIComponent(this.#target)}`);
        const [response] = requestSync([request], remaining());
        return response?.status === 404 ? undefined : idOf(response);
    }

    #create(remaining: () => number): string {
        const name = typeof this.#target === 'string' ? this.#target : Object.values(this.#target)[0]!;
        const request = this.#api.request('POST', `datasets?name=${encodeURIComponent(name)}`);
        return idOf(requestSync([request], remaining())[0]);
    }
}

export class SyncApiRunStore implements SyncRunStore {
    readonly #api: SyncApi;
    readonly #id: string;
    readonly #runId: string | undefined;

    constructor(api: SyncApi, id: string, runId: string | undefined) {
        this.#api = api;
        this.#id = id;
        this.#runId = runId;
    }

    save(
        records: readonly SyncRecord[],
        maxMillis: number,
        { outdated = [], statusMessage }: SyncSaveExtras = {},
    ): void {
        const requests = this.#writesOf(records);
        for (const { key } of outdated) {
            requests.push({ ...this.#api.request('DELETE', this.#pathOf(key)), needsOthers: true });
        }
        if (statusMessage !== undefined && this.#runId !== undefined) {
            const body = Buffer.from(JSON.stringify({ statusMessage, isStatusMessageTerminal: true }));
            requests.push(this.#api.request('PUT', `actor-runs/${this.#runId}`, body));
        }
        const results = requestSync(requests, maxMillis).map(toResult);
        const failed = records.filter((_, index) => results[index]!.kind !== 'stored').map(({ key }) => key);
        if (failed.length === 0) return;
        const cause = results.slice(0, records.length).find((result) => 'error' in result)?.error;
        throw new Error(`Records were not saved: ${failed.join(', ')}: ${cause?.message}`, { cause });
    }

    saveFirst(records: readonly SyncRecord[], onSaved: () => void): FirstRequests {
        return new FirstRequests(this.#writesOf(records), onSaved);
    }

    #writesOf(records: readonly SyncRecord[]): SyncRequest[] {
        return records.map(({ key, text, contentType, needsOthers = false }) => ({
            ...this.#api.request('PUT', this.#pathOf(key), Buffer.from(text), contentType),
            needsOthers,
        }));
    }

    #pathOf(key: string): string {
        return `key-value-stores/${this.#id}/records/${encodeURIComponent(key)}`;
    }
}

function toPage(response: SyncResponse | undefined, { offset }: PageRange): ListedPage | undefined {
    if (response?.status !== 200) return undefined;
    const items: unknown[] = JSON.parse(response.body);
    return { items, total: Number(response.headers['x-apify-pagination-total'] ?? offset + items.length) };
}

function idOf(response: SyncResponse | undefined): string {
    const { id } = toData(toOk(response), 'data');
    if (typeof id !== 'string') throw new Error('The platform answered without the id of the dataset');
    return id;
}

function toResult(response: SyncResponse | undefined): SendResult {
    try {
        toOk(response);
        return { kind: 'stored' };
    } catch (error) {
        return toSendResult(error);
    }
}

/** @throws an error of the shape of apify-client's `ApifyApiError` */
function toOk(response: SyncResponse | undefined): SyncResponse {
    if (response === undefined) throw new Error('The platform did not answer before the process ended');
    const { status } = response;
    if (status < 300) return response;
    const { type, message = `The platform answered with status ${status}`, data } = toData(response, 'error');
    throw Object.assign(new Error(String(message)), { name: 'ApifyApiError', statusCode: status, type, data });
}

/** The API wraps its answers in `data`, and its errors in `error`. Empty when something else has answered. */
function toData({ body }: SyncResponse, key: 'data' | 'error'): Record<string, unknown> {
    try {
        return Object(Object(JSON.parse(body))[key]);
    } catch {
        return {};
    }
}
