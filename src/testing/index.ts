/**
 * Tests of an Actor against a server on this machine that answers as the Apify API does: it enforces the dataset's schema and fails
 * on demand. No account, no network.
 */
export type { ActorRun, RunOptions } from './actor-run.js';
export type { PlatformOptions } from './options.js';
export type {
    ApiServer,
    Call,
    ChargeEntry,
    Dataset,
    DatasetOptions,
    Fault,
    FaultRule,
    Faults,
    FaultSource,
    PushEntry,
    RejectionStyle,
    Run,
    StoredRecord,
} from './server/api-server.js';
export { startPlatform, type TestPlatform } from './test-platform.js';
