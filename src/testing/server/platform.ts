import { Builds } from './builds.js';
import { DOCUMENTED_STYLE, type RejectionStyle } from './dataset-schema.js';
import { type DatasetOptions, Datasets, type Lags } from './datasets.js';
import { type Backend } from './http-front.js';
import { KeyValueStores } from './key-value-stores.js';
import { RequestQueues } from './request-queues.js';
import { Router } from './router.js';
import { type RunIds, type RunOptions, Runs, type RunsOptions } from './runs.js';
import { authenticate, type UserOptions, userRoutes } from './users.js';

export interface PlatformOptions extends Partial<UserOptions>, Partial<Lags> {
    /** The Actor's name without its owner. */
    actorName?: string;
    ids?: Partial<RunIds>;
    /** The default dataset's schema, and how it is shown and enforced. */
    dataset?: Omit<DatasetOptions, 'id' | 'name'>;
    /** Datasets that exist besides. */
    datasets?: DatasetOptions[];
    /** The definition that the build has from `.actor/`. */
    actorDefinition?: Record<string, any>;
    run?: RunOptions;
    /** Largest body of a push in bytes, decompressed: 9 MiB. */
    maxPayloadBytes?: number;
    /** Whether the log of pushes keeps their bodies: true. */
    keepBodies?: boolean;
    /** Whether datasets keep their items: true. */
    keepItems?: boolean;
    rejection?: Partial<RejectionStyle> | (() => Partial<RejectionStyle>);
}

/** All storages, runs and builds of one user, behind one way to ask them. */
export interface Platform extends Backend {
    readonly ids: RunIds;
    readonly user: UserOptions;
    readonly actorName: string;
    readonly datasets: Datasets;
    readonly keyValueStores: KeyValueStores;
    readonly requestQueues: RequestQueues;
    readonly runs: Runs;
    readonly lags: Lags;
    rejectAs(style: PlatformOptions['rejection']): void;
}

const DEFAULT_IDS: RunIds = {
    runId: 'RunRunRunRunRun01',
    actorId: 'ActorActorActor01',
    buildId: 'BuildBuildBuild01',
    userId: 'UserUserUserUse01',
    datasetId: 'DefaultDataset001',
    keyValueStoreId: 'DefaultKvStore001',
    requestQueueId: 'DefaultReqQueue01',
};

export function createPlatform(options: PlatformOptions, onSignal: RunsOptions['onSignal']): Platform {
    const ids = { ...DEFAULT_IDS, ...options.ids };
    const { username = 'tester', token = 'test-token', listingLagMillis = 0 } = options;
    const user: UserOptions = { userId: options.userId ?? ids.userId, username, token };
    const lags: Lags = {
        listingLagMillis,
        totalLagMillis: options.totalLagMillis ?? listingLagMillis,
        itemCountLagMillis: options.itemCountLagMillis ?? 0,
    };
    let { rejection } = options;

    const runs = new Runs({ onSignal });
    runs.add(ids, options.run);
    const datasets = new Datasets({
        username,
        maxPayloadBytes: options.maxPayloadBytes ?? 9_437_184,
        keepBodies: options.keepBodies ?? true,
        keepItems: options.keepItems ?? true,
        lags,
        rejection: () => ({ ...DOCUMENTED_STYLE, ...(typeof rejection === 'function' ? rejection() : rejection) }),
        onStored: (dataset, itemCount) => runs.countStoredItems(dataset.id, itemCount),
    });
    datasets.add({ ...options.dataset, id: ids.datasetId });
    for (const dataset of options.datasets ?? []) datasets.add(dataset);
    const keyValueStores = new KeyValueStores(username);
    keyValueStores.add({ id: ids.keyValueStoreId });
    const requestQueues = new RequestQueues(username);
    requestQueues.add({ id: ids.requestQueueId });
    const builds = new Builds();
    builds.add({ id: ids.buildId, actorId: ids.actorId, actorDefinition: options.actorDefinition });

    const router = new Router([
        ...datasets.routes(),
        ...keyValueStores.routes(),
        ...requestQueues.routes(),
        ...runs.routes(),
        ...builds.routes(),
        ...userRoutes(user),
    ]);
    return {
        ids,
        user,
        actorName: options.actorName ?? 'my-actor',
        datasets,
        keyValueStores,
        requestQueues,
        runs,
        lags,
        rejectAs: (style) => {
            rejection = style;
        },
        arrived: (call) => datasets.logPush(call, runs.resolvePath(call.path)),
        answer: (call) => {
            authenticate(call, user);
            return router.answer(call, runs.resolvePath(call.path));
        },
    };
}
