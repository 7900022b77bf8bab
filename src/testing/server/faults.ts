import { findMistake } from './check-rule.js';
import { type Call } from './exchange.js';

/**
 * Something that goes wrong with one request. It strikes when the request has arrived whole (`before` its work is
 * done, the default) or when the work is done and only the answer is missing (`after`).
 *
 * With `delayMillis` alone the request is slow, nothing more. A client that gives up during a delay `before` does not
 * stop the work: it is done late, as by a real server.
 */
export interface Fault {
    when?: 'before' | 'after';
    /** Strikes only once the client has given up, however busy it or the machine was: `delayMillis` counts from then. */
    givenUp?: boolean;
    delayMillis?: number;
    /** Strikes only once this has settled: a test that opens it needs no clock. */
    until?: Promise<unknown>;
    /** Answers with this status … */
    status?: number;
    /** … and this error; the API's usual type and message for the status unless given. */
    type?: string;
    message?: string;
    data?: unknown;
    /** … or with this text, which is not the API's JSON: a proxy's page, say. */
    body?: string;
    /** Destroys the connection without an answer. */
    cut?: boolean;
    /** Never answers. */
    hang?: boolean;
}

/** Which requests go wrong, and how. Without `on`, `method` and `path` it is any request. */
export interface FaultRule {
    /** `'push'`: requests that store items in a dataset. */
    on?: 'push';
    /** `GET`, `POST`, `PUT` or `DELETE`. */
    method?: string;
    /** A part of the path (`/v2/datasets/…/items`, without the query), or a pattern that it has to match. */
    path?: string | RegExp;
    /** How many matching requests are let through first. @default 0 */
    skip?: number;
    /** How many requests it strikes. @default 1 */
    times?: number;
    fault: Fault;
}

/** Asked about every request that no queued rule strikes: returns the fault for it, if any. */
export type FaultSource = (call: Call) => Fault | undefined;

const USUAL: Record<number, readonly [type: string, message: string]> = {
    400: ['invalid-request', 'The request is invalid.'],
    401: ['user-or-token-not-found', 'User was not found or authentication token is not valid'],
    402: ['not-enough-usage-to-run-paid-actor', 'By launching this job you will exceed your remaining usage.'],
    403: ['insufficient-permissions', 'Insufficient permissions for the requested operation.'],
    404: ['record-not-found', 'Dataset was not found'],
    413: ['request-too-large', 'The POST payload is too large (limit: 9437184 bytes, actual length: 9437185 bytes).'],
    429: ['rate-limit-exceeded', 'You have exceeded the rate limit of 400 requests per second'],
    500: ['internal-server-error', 'Internal server error'],
    502: ['bad-gateway', 'Bad gateway'],
    503: ['service-unavailable', 'Service unavailable'],
};

export function faultError(fault: Fault): { status: number; type: string; message: string; data?: unknown } {
    const status = fault.status ?? 500;
    const [type, message] = USUAL[status] ?? ['unknown-error', `Unknown error ${status}`];
    return { status, type: fault.type ?? type, message: fault.message ?? message, data: fault.data };
}

/** Decides which request goes wrong, and how. */
export class Faults {
    readonly #rules: { rule: FaultRule; skip: number; left: number }[] = [];
    readonly #sources = new Set<FaultSource>();

    /** Queues a fault for the next matching requests. Rules are tried in the order in which they came. @throws TypeError for a rule that would do nothing */
    next(rule: FaultRule): void {
        const mistake = findMistake(rule);
        if (mistake !== undefined) throw new TypeError(`"rule${mistake.path}" ${mistake.problem}.`);
        this.#rules.push({ rule, skip: rule.skip ?? 0, left: rule.times ?? 1 });
    }

    /** Asks `source` about every request that no queued rule strikes. Returns a function that stops it. */
    use(source: FaultSource): () => void {
        this.#sources.add(source);
        return () => this.#sources.delete(source);
    }

    /** Requests that queued rules have yet to strike. */
    get pending(): number {
        return this.#rules.reduce((sum, { left }) => sum + left, 0);
    }

    clear(): void {
        this.#rules.length = 0;
        this.#sources.clear();
    }

    /** The fault for this request, if any; it is used up. */
    take(call: Call): Fault | undefined {
        for (const [index, entry] of this.#rules.entries()) {
            if (!matches(entry.rule, call)) continue;
            if (entry.skip > 0) {
                entry.skip -= 1;
                continue;
            }
            entry.left -= 1;
            if (entry.left <= 0) this.#rules.splice(index, 1);
            return entry.rule.fault;
        }
        for (const source of this.#sources) {
            const fault = source(call);
            if (fault) return fault;
        }
        return undefined;
    }
}

const PUSH_PATH = /^\/v2\/datasets\/[^/]+\/items$/;

export function matches(
    rule: Pick<FaultRule, 'on' | 'method' | 'path'>,
    call: { method: string; path: string },
): boolean {
    if (rule.on === 'push' && !(call.method === 'POST' && PUSH_PATH.test(call.path))) return false;
    if (rule.method !== undefined && rule.method !== call.method) return false;
    if (rule.path === undefined) return true;
    // Not `test`: a pattern with the flag `g` would remember where it stopped.
    return typeof rule.path === 'string' ? call.path.includes(rule.path) : call.path.search(rule.path) >= 0;
}
