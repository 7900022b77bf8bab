export type { GuardedContext } from './crawlee/door.js';
export { DatasetGuard } from './dataset-guard.js';
export {
    DatasetGuardError,
    DeliveryError,
    GuardClosedError,
    InvalidOptionsError,
    ItemsRejectedError,
    QuarantineError,
    SchemaLoadError,
    ToleranceExceededError,
} from './errors.js';
export type { DatasetGuardErrorCode, RejectedItem } from './errors.js';
export type { DatasetGuardOptions, StorageTarget, Tolerance } from './options.js';
export type { Dictionary, ItemError, PushResult, QuarantineReason, QuarantineRecord, RequestInfo } from './ports.js';
export type { GuardReport, ReasonSummary } from './report/statistics.js';
