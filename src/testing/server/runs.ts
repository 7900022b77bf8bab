import { ApiError, type Call, data, json, parseObject, type Reply, type Route } from './exchange.js';

/** The ids of one run and of what belongs to it. */
export interface RunIds {
    runId: string;
    actorId: string;
    buildId: string;
    userId: string;
    datasetId: string;
    keyValueStoreId: string;
    requestQueueId: string;
}

export interface PricedEvent {
    eventTitle?: string;
    eventPriceUsd: number;
}

export interface RunOptions {
    /** Pay per event: the events by name, among them `apify-default-dataset-item` where each stored item is priced. */
    chargeEvents?: Record<string, PricedEvent>;
    maxTotalChargeUsd?: number;
    timeoutSecs?: number;
}

export interface ChargeEntry {
    readonly runId: string;
    readonly eventName: string;
    readonly count: number;
    readonly idempotencyKey?: string;
    /** Its key had been charged before, so nothing was. */
    readonly isDuplicate: boolean;
}

/** A run as tests see it. */
export interface Run {
    readonly ids: RunIds;
    readonly options: RunOptions;
    readonly chargedEventCounts: Record<string, number>;
    readonly startedAt: Date;
    status: string;
    statusMessage?: string;
    isStatusMessageTerminal?: boolean;
    /** Every status message set, oldest first. */
    readonly statusMessages: string[];
    reboots: number;
    readonly metamorphs: { targetActorId: string; input: string }[];
}

/** The event that the platform counts for each item that is stored in the default dataset. */
const DATASET_ITEM_EVENT = 'apify-default-dataset-item';

export interface RunsOptions {
    /** Called when a run is asked to end gracefully, to reboot or to become another Actor. */
    onSignal: (signal: 'aborting' | 'reboot' | 'metamorph', run: Run) => void;
}

export class Runs {
    readonly charges: ChargeEntry[] = [];
    readonly #runs = new Map<string, Run>();
    readonly #options: RunsOptions;

    constructor(options: RunsOptions) {
        this.#options = options;
    }

    add(ids: RunIds, options: RunOptions = {}): Run {
        const run: Run = {
            ids,
            options,
            chargedEventCounts: Object.fromEntries(Object.keys(options.chargeEvents ?? {}).map((name) => [name, 0])),
            startedAt: new Date(),
            status: 'RUNNING',
            statusMessages: [],
            reboots: 0,
            metamorphs: [],
        };
        this.#runs.set(ids.runId, run);
        return run;
    }

    require(id: string): Run {
        const run = this.#runs.get(id);
        if (!run) throw new ApiError(404, 'record-not-found', 'Actor run was not found');
        return run;
    }

    /** The platform's own count of stored items. Several runs on one dataset are not told apart: the first is charged. */
    countStoredItems(datasetId: string, itemCount: number): void {
        const run = [...this.#runs.values()].find(({ ids }) => ids.datasetId === datasetId);
        if (run?.options.chargeEvents?.[DATASET_ITEM_EVENT]) addTo(run, DATASET_ITEM_EVENT, itemCount);
    }

    /** `/v2/actor-runs/:id/dataset/…` is another way to the run's default storages. */
    resolvePath(path: string): string {
        const match = /^\/v2\/actor-runs\/([^/]+)\/(dataset|key-value-store|request-queue)(\/.*)?$/.exec(path);
        const run = match ? this.#runs.get(match[1]!) : undefined;
        if (!match || !run) return path;
        const { datasetId, keyValueStoreId, requestQueueId } = run.ids;
        const id = { 'dataset': datasetId, 'key-value-store': keyValueStoreId, 'request-queue': requestQueueId }[
            match[2] as 'dataset'
        ];
        return `/v2/${match[2]}s/${id}${match[3] ?? ''}`;
    }

    routes(): Route[] {
        const root = 'actor-runs';
        return [
            ['GET', `${root}/:id`, (_call, id) => data(view(this.require(id!)))],
            ['PUT', `${root}/:id`, (call, id) => update(call, this.require(id!))],
            ['POST', `${root}/:id/charge`, (call, id) => this.#charge(call, this.require(id!))],
            ['POST', `${root}/:id/abort`, (call, id) => this.#abort(call, this.require(id!))],
            ['POST', `${root}/:id/reboot`, (_call, id) => this.#reboot(this.require(id!))],
            ['POST', `${root}/:id/metamorph`, (call, id) => this.#metamorph(call, this.require(id!))],
            ['POST', `${root}/:id/resurrect`, (_call, id) => setStatus(this.require(id!), 'RUNNING')],
        ];
    }

    #charge(call: Call, run: Run): Reply {
        const { eventName, count = 1 } = parseObject(call);
        if (typeof eventName !== 'string' || !run.options.chargeEvents?.[eventName]) {
            throw new ApiError(400, 'invalid-input', `Unknown event "${eventName}".`);
        }
        const header = call.headers['idempotency-key'];
        const idempotencyKey = typeof header === 'string' ? header : undefined;
        const isDuplicate =
            idempotencyKey !== undefined &&
            this.charges.some((charge) => charge.runId === run.ids.runId && charge.idempotencyKey === idempotencyKey);
        this.charges.push({ runId: run.ids.runId, eventName, count, idempotencyKey, isDuplicate });
        if (!isDuplicate) addTo(run, eventName, count);
        return json(201, {});
    }

    #abort(call: Call, run: Run): Reply {
        const gracefully = ['1', 'true'].includes(call.query.get('gracefully') ?? '');
        if (gracefully) this.#options.onSignal('aborting', run);
        return setStatus(run, gracefully ? 'ABORTING' : 'ABORTED');
    }

    #reboot(run: Run): Reply {
        run.reboots += 1;
        this.#options.onSignal('reboot', run);
        return data(view(run));
    }

    #metamorph(call: Call, run: Run): Reply {
        const targetActorId = call.query.get('targetActorId');
        if (!targetActorId) throw new ApiError(400, 'invalid-value', 'Parameter "targetActorId" is required.');
        run.metamorphs.push({ targetActorId, input: call.text() });
        this.#options.onSignal('metamorph', run);
        return data(view(run), 201);
    }
}

function addTo(run: Run, eventName: string, count: number): void {
    run.chargedEventCounts[eventName] = (run.chargedEventCounts[eventName] ?? 0) + count;
}

function setStatus(run: Run, status: string): Reply {
    run.status = status;
    return data(view(run));
}

function update(call: Call, run: Run): Reply {
    const { statusMessage, isStatusMessageTerminal } = parseObject(call);
    if (typeof statusMessage === 'string') {
        run.statusMessage = statusMessage;
        run.isStatusMessageTerminal = isStatusMessageTerminal === true;
        run.statusMessages.push(statusMessage);
    }
    return data(view(run));
}

function view(run: Run): Record<string, unknown> {
    const { ids, options } = run;
    return {
        id: ids.runId,
        actId: ids.actorId,
        userId: ids.userId,
        buildId: ids.buildId,
        buildNumber: '0.1.1',
        startedAt: run.startedAt,
        status: run.status,
        statusMessage: run.statusMessage,
        isStatusMessageTerminal: run.isStatusMessageTerminal,
        defaultDatasetId: ids.datasetId,
        defaultKeyValueStoreId: ids.keyValueStoreId,
        defaultRequestQueueId: ids.requestQueueId,
        meta: { origin: 'API' },
        stats: { rebootCount: run.reboots, restartCount: 0, resurrectCount: 0 },
        options: {
            build: 'latest',
            timeoutSecs: options.timeoutSecs ?? 0,
            memoryMbytes: 4096,
            diskMbytes: 8192,
            maxTotalChargeUsd: options.maxTotalChargeUsd,
        },
        ...(options.chargeEvents && {
            pricingInfo: {
                pricingModel: 'PAY_PER_EVENT',
                pricingPerEvent: { actorChargeEvents: options.chargeEvents },
            },
            chargedEventCounts: run.chargedEventCounts,
        }),
    };
}
