export type { GuardedContext } from './crawlee/guard-handle.js';
export { DatasetGuard } from './dataset-guard.js';
export {
    DatasetGuardError,
    DeliveryError,
    GuardClosedError,
    InvalidOptionsError,
    ItemsRejectedError,
    QuarantineError,
    RedriveError,
    SchemaLoadError,
    ToleranceExceededError,
} from './errors.js';
export type { DatasetGuardErrorCode, RejectedItem } from './errors.js';
export type { DatasetGuardOptions, StorageTarget, Tolerance } from './options.js';
export type {
    Dictionary,
    ItemError,
    PushResult,
    QuarantineReason,
    QuarantineRecord,
    RedriveMark,
    RequestInfo,
} from './records.js';
export type { GuardReport, ReasonSummary } from './report/statistics.js';
export type { RedriveOptions } from './redrive/options.js';
export { redriveQuarantine } from './redrive/redrive-quarantine.js';
export type { RedriveResult, SkippedRecords } from './redrive/result.js';
