import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { QuarantineRecord } from '../records.js';
import { DEFAULT_ALIAS } from '../schema/definition.js';
import { quarantineName } from '../utils/storage-name.js';
import { ActorProcesses, type ActorRun, type RunOptions } from './actor-run.js';
import { type DeclaredDatasets, findDatasets } from './declared-datasets.js';
import { checkOptions, type PlatformOptions } from './options.js';
import { applyPlatformEnv, childEnv, platformEnv } from './platform-env.js';
import { type ApiServer, startApiServer } from './server/api-server.js';
import type { Faults } from './server/faults.js';

/** Time that a request on its way needs to arrive, on a busy machine. */
const LAST_REQUEST_MILLIS = 250;

/** Records that could not be written to the quarantine go here, as lines of JSON. */
const RECORDS_WITH_RUN = 'DATASET-GUARD-QUARANTINE-';

/**
 * Starts a server on a free port of this machine that answers as the Apify API does, with one run of one Actor on it. Pushes are
 * checked against the dataset's schema as the platform does: one bad item, and the whole request is rejected. `close()` it when done.
 *
 * @example
 * const platform = await startPlatform({ input: { startUrls: [] } });
 * const { exitCode } = await platform.run('dist/main.js');
 * expect(platform.items()).toHaveLength(20);
 * await platform.close();
 * @throws InvalidOptionsError, SchemaLoadError where the platform would refuse the schema
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<TestPlatform> {
    checkOptions(options);
    const cwd = resolve(options.cwd ?? process.cwd());
    const datasets = await findDatasets(options.schema, cwd);
    const server = await startApiServer({
        ...(datasets.actorName !== undefined && { actorName: datasets.actorName }),
        dataset: { schema: datasets.schemas.get(DEFAULT_ALIAS) ?? null },
        run: {
            ...(options.eventPricesUsd && { chargeEvents: toChargeEvents(options.eventPricesUsd) }),
            ...(options.maxTotalChargeUsd !== undefined && { maxTotalChargeUsd: options.maxTotalChargeUsd }),
        },
    });
    for (const rule of options.faults ?? []) server.faults.next(rule);
    if (options.input !== undefined) server.setRecord('INPUT', JSON.stringify(options.input));
    return new TestPlatform(server, cwd, datasets);
}

/** The server of the platform whose run this process is. The variables are the process's own: they can point at one platform only. */
let inUse: ApiServer | undefined;

/** One run of an Actor on a platform of this process; see `startPlatform()`. */
export class TestPlatform {
    /** The server itself, for what this class has no method for: requests, charges, events, other datasets. */
    readonly server: ApiServer;
    readonly #cwd: string;
    /** Dataset ids by alias. */
    readonly #aliases: ReadonlyMap<string, string>;
    readonly #processes = new ActorProcesses();
    #restoreEnv: (() => void) | undefined;
    #isClosed = false;

    /** @internal */
    constructor(server: ApiServer, cwd: string, { schemas }: DeclaredDatasets) {
        this.server = server;
        this.#cwd = cwd;
        const others = [...schemas].filter(([alias]) => alias !== DEFAULT_ALIAS);
        this.#aliases = new Map([
            [DEFAULT_ALIAS, server.ids.datasetId],
            ...others.map(([alias, schema]): [string, string] => [alias, server.addDataset({ schema }).id]),
        ]);
    }

    /** The environment variables of the run: where the API is, the token, ids, storages. For a process of your own. @throws Error once closed */
    get env(): Record<string, string> {
        if (this.#isClosed) throw new Error('The platform is closed. Start another one: await startPlatform().');
        const datasets = Object.fromEntries(this.#aliases);
        return platformEnv(this.server, { ACTOR_STORAGES_JSON: JSON.stringify({ datasets }) });
    }

    /** Makes requests go wrong from now on: `platform.faults.next({ on: 'push', fault: { status: 503 } })`. */
    get faults(): Faults {
        return this.server.faults;
    }

    /** The run's status message as it is now; `undefined` before the first. */
    get statusMessage(): string | undefined {
        return this.server.run.statusMessage;
    }

    /** All items that are stored in a dataset, in order: an alias, a name or an id. @default the run's default dataset */
    items<Item = any>(dataset: string = DEFAULT_ALIAS): Item[] {
        return [...this.server.items<Item>(this.#aliases.get(dataset) ?? dataset)];
    }

    /** The quarantine records of the run, in order, each once. `dataset`: the name, where the guard was given one. */
    quarantine<Item = any>(dataset?: string): QuarantineRecord<Item>[] {
        const { username, actorName } = this.server;
        const name = dataset ?? quarantineName(`${username}/${actorName}`);
        const withRun = [...this.server.records()]
            .filter(([key]) => key.startsWith(RECORDS_WITH_RUN))
            .flatMap(([, { value }]) => value.toString('utf8').trimEnd().split('\n'))
            .map((line): QuarantineRecord<Item> => JSON.parse(line));
        const records = [...this.server.items<QuarantineRecord<Item>>(name), ...withRun];
        return [...new Map(records.map((record) => [record.id, record])).values()];
    }

    /** A JSON record of the run's default key-value store; `undefined` where there is none. @throws SyntaxError for another type */
    record<Value = any>(key: string): Value | undefined {
        const record = this.server.record(this.server.ids.keyValueStoreId, key);
        return record && JSON.parse(record.value.toString('utf8'));
    }

    /**
     * Runs a file of the Actor with Node.js, as a run of the platform, until it ends. An Actor that fails does not reject.
     * @param file relative to `cwd`
     * @throws InvalidOptionsError, or Error when no process can be started
     */
    async run(file: string, options: RunOptions = {}): Promise<ActorRun> {
        const env = () => childEnv({ ...this.env, ...options.env });
        return this.#processes.run(file, this.#cwd, env, options);
    }

    /**
     * Makes this process the run, until `close()`: sets its variables in `process.env`, in place of those that begin with `APIFY_`,
     * `ACTOR_` and `CRAWLEE_`. Call it before `Actor.init()`, and end with `await Actor.exit({ exit: false })`.
     * @throws Error where this process is the run of another platform that is not closed
     */
    useInThisProcess(): void {
        if (inUse === this.server) return;
        const { env } = this;
        if (inUse !== undefined) {
            throw new Error(
                'This process is the run of another platform. Close that one first: await platform.close().',
            );
        }
        this.#restoreEnv = applyPlatformEnv(this.server, env);
        inUse = this.server;
    }

    /** Sends an event to the processes of the run: `migrating`, `aborting`, `persistState`. Returns how many have it. */
    emitEvent(name: 'migrating' | 'aborting' | 'persistState' | 'systemInfo', data?: unknown): number {
        return this.server.emitEvent(name, data);
    }

    /** Kills what runs, closes the server, and gives this process its variables back. Calling it again does nothing. */
    async close(): Promise<void> {
        this.#isClosed = true;
        this.#processes.killAll();
        // The SDK does not wait for the status message, which it sends last. Cut off, it would try again for minutes.
        if (this.#restoreEnv !== undefined) await setTimeout(LAST_REQUEST_MILLIS);
        this.#restoreEnv?.();
        this.#restoreEnv = undefined;
        if (inUse === this.server) inUse = undefined;
        await this.server.close();
    }

    /** As `close`, for `await using`. */
    async [Symbol.asyncDispose](): Promise<void> {
        await this.close();
    }
}

function toChargeEvents(prices: Readonly<Record<string, number>>): Record<string, { eventPriceUsd: number }> {
    return Object.fromEntries(Object.entries(prices).map(([name, eventPriceUsd]) => [name, { eventPriceUsd }]));
}
