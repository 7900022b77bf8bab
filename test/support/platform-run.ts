import { randomUUID } from 'node:crypto';

import { Actor } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import type { DatasetGuardOptions } from '../../src/index.js';
import type { ApiServer, ApiServerOptions } from './api-server.js';
import { startApiServer } from './api-server.js';
import { applyPlatformEnv } from './platform-env.js';

/** This process as a run on the platform, for tests of one file. The SDK is the real one, initialized once. */
export interface PlatformRun {
    server: ApiServer;
    /** Gives the run a fresh default dataset with these `fields` as its schema (null: none). Returns its id. */
    freshDataset(fields?: Record<string, any> | null): string;
    /** Opens a guard that `closeGuards` closes. */
    open(options?: DatasetGuardOptions<any>): Promise<DatasetGuard<any>>;
    closeGuards(): Promise<void>;
    stop(): Promise<void>;
}

export async function startPlatformRun(options: ApiServerOptions = {}): Promise<PlatformRun> {
    const server = await startApiServer(options);
    const restoreEnv = applyPlatformEnv(server);
    await Actor.init({ gracefulShutdown: false });
    const guards: DatasetGuard<any>[] = [];
    return {
        server,
        freshDataset(fields) {
            const id = `ds${randomUUID().replaceAll('-', '').slice(0, 15)}`;
            server.addDataset({ id, schema: fields ? { actorSpecification: 1, fields } : null });
            // Read anew by the SDK each time it is asked for.
            process.env.ACTOR_DEFAULT_DATASET_ID = id;
            return id;
        },
        async open(guardOptions) {
            const guard = await DatasetGuard.open(guardOptions);
            guards.push(guard);
            return guard;
        },
        async closeGuards() {
            await Promise.allSettled(guards.splice(0).map(async (guard) => guard.close()));
        },
        async stop() {
            await this.closeGuards();
            await Actor.exit({ exit: false });
            restoreEnv();
            await server.close();
        },
    };
}
