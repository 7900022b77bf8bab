import { type ApiServer } from './server/api-server.js';

/** Variables of a run's environment, which must not leak from the process that starts it. */
const OF_A_RUN = /^(APIFY_|ACTOR_|CRAWLEE_)/;

type Overrides = Record<string, string | undefined>;

/** The environment that the platform gives to a run, pointing at `server`. `undefined` takes a variable out. */
export function platformEnv(server: ApiServer, overrides: Overrides = {}): Record<string, string> {
    const { ids } = server;
    const env: Overrides = {
        APIFY_IS_AT_HOME: '1',
        APIFY_API_BASE_URL: server.url,
        APIFY_API_PUBLIC_BASE_URL: server.url,
        APIFY_TOKEN: server.token ?? 'any-token',
        APIFY_USER_ID: ids.userId,
        APIFY_META_ORIGIN: 'API',
        APIFY_HEADLESS: '1',
        ACTOR_ID: ids.actorId,
        ACTOR_FULL_NAME: `${server.username}/${server.actorName}`,
        ACTOR_RUN_ID: ids.runId,
        ACTOR_BUILD_ID: ids.buildId,
        ACTOR_BUILD_NUMBER: '0.1.1',
        ACTOR_DEFAULT_DATASET_ID: ids.datasetId,
        ACTOR_DEFAULT_KEY_VALUE_STORE_ID: ids.keyValueStoreId,
        ACTOR_DEFAULT_REQUEST_QUEUE_ID: ids.requestQueueId,
        ACTOR_INPUT_KEY: 'INPUT',
        ACTOR_MEMORY_MBYTES: '4096',
        ACTOR_STARTED_AT: server.run.startedAt.toISOString(),
        ACTOR_EVENTS_WEBSOCKET_URL: server.eventsUrl,
        ACTOR_MAX_TOTAL_CHARGE_USD: server.run.options.maxTotalChargeUsd?.toString(),
        ...overrides,
    };
    return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** This process's environment without anything of a run, and with `env`, where `undefined` takes a variable out. For child processes. */
export function childEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
        // The test runner's own flags and loaders are none of a child's business.
        ([name]) => !OF_A_RUN.test(name) && !name.startsWith('VITEST') && name !== 'NODE_OPTIONS',
    );
    return { ...Object.fromEntries(inherited), ...env };
}

/**
 * Makes this process a run on `server`; call it before the SDK reads its configuration. Returns a function that
 * restores what was.
 */
export function applyPlatformEnv(server: ApiServer, overrides: Overrides = {}): () => void {
    const before = { ...process.env };
    const wanted = platformEnv(server, overrides);
    setRunEnv(wanted);
    return () => setRunEnv(before);
}

function setRunEnv(wanted: NodeJS.ProcessEnv): void {
    for (const name of Object.keys(process.env)) {
        if (OF_A_RUN.test(name)) delete process.env[name];
    }
    for (const [name, value] of Object.entries(wanted)) {
        if (OF_A_RUN.test(name)) process.env[name] = value;
    }
}
