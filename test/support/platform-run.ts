import { randomUUID } from 'node:crypto';

import { Actor, log } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import type { DatasetGuardOptions, QuarantineRecord } from '../../src/index.js';
import type { ApiServer, ApiServerOptions, DatasetOptions } from './api-server.js';
import { startApiServer } from './api-server.js';
import { applyPlatformEnv } from './platform-env.js';

/** The name of the quarantine of the run's Actor. */
export const QUARANTINE = 'tester-my-actor-quarantine';

/** Times that only tests set: `listingLagMillis`, `firstRetryDelayMillis`, `maxRetries`, `requestTimeoutSecs`. */
export type Internals = Record<string, number>;

const openWithInternals = DatasetGuard.open as (
    options?: DatasetGuardOptions<any>,
    internals?: Internals,
) => Promise<DatasetGuard<any>>;

/** This process as a run on the platform, for tests of one file. The SDK is the real one, initialized once. */
export interface PlatformRun {
    server: ApiServer;
    /** Gives the run a fresh default dataset with these `fields` as its schema (null: none). Returns its id. */
    freshDataset(fields?: Record<string, any> | null, options?: DatasetOptions): string;
    /** Opens a guard that `reset` closes. `internals` cut the platform's times short: tests have no ten seconds to wait for a listing. */
    open(options?: DatasetGuardOptions<any>, internals?: Internals): Promise<DatasetGuard<any>>;
    /** The quarantine records about a dataset, those that had to go to the run's key-value store last. */
    quarantined(datasetId: string, quarantine?: string): QuarantineRecord[];
    /** After each test: mends the platform and closes the guards. Fails if a rejection went unhandled meanwhile. */
    reset(): Promise<void>;
    stop(): Promise<void>;
}

export async function startPlatformRun(options: ApiServerOptions = {}): Promise<PlatformRun> {
    const server = await startApiServer(options);
    const restoreEnv = applyPlatformEnv(server);
    log.setLevel(log.LEVELS.OFF);
    await Actor.init({ gracefulShutdown: false });
    const guards: DatasetGuard<any>[] = [];
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const run: PlatformRun = {
        server,
        freshDataset(fields, datasetOptions = {}) {
            const id = `ds${randomUUID().replaceAll('-', '').slice(0, 15)}`;
            server.addDataset({
                id,
                schema: fields ? { actorSpecification: 1, fields } : null,
                ...datasetOptions,
            });
            // Read anew by the SDK each time it is asked for.
            process.env.ACTOR_DEFAULT_DATASET_ID = id;
            return id;
        },
        async open(guardOptions, internals) {
            const guard = await openWithInternals(guardOptions, internals);
            guards.push(guard);
            return guard;
        },
        quarantined(datasetId, quarantine = QUARANTINE) {
            const besides = [...server.records()]
                .filter(([key]) => key.startsWith('DATASET-GUARD-QUARANTINE-'))
                .flatMap(([, { value }]) => value.toString().trimEnd().split('\n'))
                .map((line): QuarantineRecord => JSON.parse(line));
            const records = [...server.items<QuarantineRecord>(quarantine), ...besides];
            return records.filter((record) => record.datasetId === datasetId);
        },
        async reset() {
            server.faults.clear();
            server.rejectAs({});
            server.latencyMillis = 0;
            await Promise.allSettled(guards.splice(0).map(async (guard) => guard.close()));
            server.resetLogs();
            // Unhandled rejections are reported after the microtasks of the tick in which they came about.
            await new Promise(setImmediate);
            const [first] = unhandled.splice(0);
            if (first !== undefined) throw new Error('A rejection went unhandled.', { cause: first });
        },
        async stop() {
            await run.reset();
            process.off('unhandledRejection', onUnhandled);
            await Actor.exit({ exit: false });
            restoreEnv();
            await server.close();
        },
    };
    return run;
}

/** The sum of all outcomes in a report, which always is the number of received items. */
export function accountedItems(report: ReturnType<DatasetGuard['report']>): number {
    return (
        report.storedItems +
        report.quarantinedItems +
        report.duplicateItems +
        report.trimmedItems +
        report.discardedItems +
        report.pendingItems +
        report.unsentItems
    );
}
