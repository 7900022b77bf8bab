import type { ApiServer, Call, Fault, RejectionStyle } from '../../support/api-server.js';
import { ENDS } from './ends.js';
import type { Random } from './random.js';

/** The guard's times in this suite: those of the platform, cut short alike. */
export const CHAOS_TUNING = { listingLagMillis: 1_000, firstRetryDelayMillis: 10, requestTimeoutSecs: 1.5 };

/** What the server lags by: less than the guard waits for, with room for a slow machine. */
export const CHAOS_LAGS = { listingLagMillis: 120, totalLagMillis: 400, itemCountLagMillis: 2_000 };

const TIMEOUT_MILLIS = CHAOS_TUNING.requestTimeoutSecs * 1_000;

/** What befalls a request to store items. The rest, most of them, go through. */
const PUSH_FAULTS: readonly (readonly [weight: number, fault: Fault | undefined])[] = [
    [70, undefined],
    [5, { status: 429 }],
    [3, { status: 500 }],
    [2, { status: 503 }],
    [4, { status: 500, when: 'after' }],
    [3, { cut: true }],
    [5, { cut: true, when: 'after' }],
    [1, { hang: true }],
    [1.5, { delayMillis: TIMEOUT_MILLIS + 300, when: 'after' }],
    // Stored after the client has given up, and soon enough to be seen within the lag.
    [0.5, { givenUp: true, delayMillis: 80 }],
    [5, { delayMillis: 60 }],
];

/** While the platform is down nothing is acknowledged, yet some of it is stored. */
const OUTAGE_FAULTS: readonly (readonly [weight: number, fault: Fault])[] = [
    [4, { status: 503 }],
    [2, { cut: true }],
    [1, { status: 500, when: 'after' }],
    [2, { cut: true, when: 'after' }],
    [1, { hang: true }],
    [1, { hang: true, when: 'after' }],
];

const OTHER_FAULTS: readonly Fault[] = [{ status: 429 }, { status: 500 }, { cut: true }, { delayMillis: 200 }];

const REJECTION_SHAPES: readonly RejectionStyle['shape'][] = [
    'array-path',
    'array-path',
    'item-path',
    'item-path',
    'map',
    'map',
    'missing',
    'empty',
    'malformed',
];

/** For a reason of its own, the platform never stores these. */
const POISONED: Fault = { status: 400, type: 'invalid-input', message: 'The input is invalid.' };

function isPoisoned(call: Call): boolean {
    // A record in quarantine holds such an item, too.
    return call.text().includes('"poison":true') && !call.text().includes('"quarantinedAt"');
}

/** What every run of the suite must drive the guard through. */
export const FAULTS_OF_THE_SUITE = [
    '429',
    '500 before storing',
    '500 after storing',
    '503 before storing',
    'cut before storing',
    'cut after storing',
    'timeout before storing',
    'timeout after storing',
    '413',
    'an unknown 400',
    'rejected: array-path',
    'rejected: item-path',
    'rejected: map',
    'rejected: missing',
    'rejected: empty',
    'rejected: malformed',
    'rejected: counted from 0',
    'rejected: counted from 1',
    'rejected: positions outside the request',
    'a late listing',
    'refused without a reason, everything',
    'another writer while the dataset is read',
    'another writer',
    ...ENDS.map(({ name }) => name),
];

function inWords({ status, when = 'before', cut, hang, givenUp, delayMillis = 0 }: Fault): string {
    if (status === 400) return 'an unknown 400';
    if (status === 413 || status === 429) return String(status);
    const isTimeout = hang || givenUp || delayMillis >= TIMEOUT_MILLIS;
    return `${status ?? (cut ? 'cut' : isTimeout ? 'timeout' : 'slow')} ${when} storing`;
}

function isStored(fault: Fault | undefined): boolean {
    return fault?.when === 'after' || (fault?.status === undefined && !fault?.cut && !fault?.hang);
}

/** Requests to store items, counted from the first, during which the platform takes smaller ones only. */
const SMALL_FROM = 5;
const SMALL_TO = 50;
const SMALL_BYTES = 40_000;

/** The number of requests in a row that the platform refuses in an incident, each without a reason, whatever they carry. */
const INCIDENT_EVERY = 80;
const INCIDENT_REQUESTS = 16;
/** The first incident comes early, so that short runs have one. */
const FIRST_INCIDENT = 24;
const INCIDENT: Fault = { status: 400, type: 'unknown-error', message: 'Something is wrong.' };

/** Everything that goes wrong with the API, at random. */
export class RandomFaults {
    /** Whether the platform stores nothing, or at least never says so. */
    isDown = false;
    /** Whether the platform refuses to reboot runs: a migration that it has announced does not come. */
    refusesReboot = false;
    /** Whether nothing goes wrong but what the items themselves bring about. */
    isCalm = false;
    /** How many requests were struck, by what, in words. */
    readonly struck = new Map<string, number>();
    readonly #server: ApiServer;
    readonly #random: Random;
    readonly #lastStruck = new Set<string>();
    /** What other writers have stored. */
    foreignItems = 0;
    #pushes = 0;

    /** `hasIncidents`: some requests in a row are refused without a reason, whatever they carry. */
    constructor(
        server: ApiServer,
        random: Random,
        private readonly hasIncidents: boolean,
    ) {
        this.#server = server;
        this.#random = random;
        server.faults.use((call) => {
            this.#writeBeside(call);
            return this.#noted(call, this.#faultOf(call));
        });
        server.rejectAs(() => this.#rejection());
    }

    #faultOf(call: Call): Fault | undefined {
        if (this.refusesReboot && call.path.endsWith('/reboot')) return { status: 403 };
        if (this.isCalm) return call.method === 'POST' && isPoisoned(call) ? POISONED : undefined;
        const dataset = /^\/v2\/datasets\/([^/]+)\/items$/.exec(call.path)?.[1];
        if (dataset === undefined || call.method !== 'POST') return this.#otherFault(call);
        if (this.isDown) {
            const fault = this.#random.weighted(OUTAGE_FAULTS);
            return isPoisoned(call) && isStored(fault) ? { cut: true } : fault;
        }
        this.#pushes++;
        if (call.body.length > SMALL_BYTES && this.#pushes >= SMALL_FROM && this.#pushes < SMALL_TO) {
            return { status: 413 };
        }
        const sinceIncident = (this.#pushes - FIRST_INCIDENT) % INCIDENT_EVERY;
        if (this.hasIncidents && sinceIncident >= 0 && sinceIncident < INCIDENT_REQUESTS) {
            this.note('refused without a reason, everything');
            return INCIDENT;
        }
        const fault = this.#random.weighted(PUSH_FAULTS);
        return isPoisoned(call) && isStored(fault) ? POISONED : fault;
    }

    /** Other writers store into the same dataset: most of it while somebody reads it. */
    #writeBeside({ method, path }: Call): void {
        if (!path.endsWith(`${this.#server.ids.datasetId}/items`)) return;
        const isRead = method === 'GET';
        if (!this.#random.chance(isRead ? 0.5 : 0.2)) return;
        const count = this.#random.integer(1, isRead ? 400 : 5);
        this.#server.append(Array.from({ length: count }, (_, index) => ({ foreign: this.foreignItems + index })));
        this.foreignItems += count;
        this.note(isRead ? 'another writer while the dataset is read' : 'another writer');
    }

    /** Not twice in a row: a dataset that cannot be read for long cannot tell what it holds. */
    #otherFault({ method, path }: Call): Fault | undefined {
        const endpoint = `${method} ${path}`;
        const probability = path.endsWith('/items') ? 0.1 : 0.03;
        if (this.#lastStruck.delete(endpoint) || !this.#random.chance(probability)) return undefined;
        this.#lastStruck.add(endpoint);
        return this.#random.pick(OTHER_FAULTS);
    }

    #rejection(): Partial<RejectionStyle> {
        const random = this.#random;
        const style: Partial<RejectionStyle> = {
            type: random.pick(['schema-validation-error', 'schema-validation-failed', 'schema-validation']),
            shape: random.pick(REJECTION_SHAPES),
            countFrom: random.pick([0, 1]),
            shift: random.weighted([
                [6, 0],
                [1, 2],
                [1, 10_000],
            ]),
        };
        this.note(`rejected: ${style.shape}`);
        this.note(`rejected: counted from ${style.countFrom}`);
        if (style.shift! > 0) this.note('rejected: positions outside the request');
        return style;
    }

    /** Counts something that struck. */
    note(what: string): void {
        this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
    }

    #noted(call: Call, fault: Fault | undefined): Fault | undefined {
        const isOfItems = call.path.endsWith('/items');
        if (fault !== undefined) this.note(isOfItems && call.method === 'POST' ? inWords(fault) : 'other requests');
        else if (isOfItems && call.method === 'GET' && this.#isBehind()) this.note('a late listing');
        return fault;
    }

    /** Whether a listing shows less than is stored. */
    #isBehind(): boolean {
        const last = this.#server.dataset()!.commits.at(-1);
        return last !== undefined && last.at > Date.now() - CHAOS_LAGS.listingLagMillis;
    }
}
