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
export type { InferOptions, InferredSchema, JsonType, Outlier, Sighting } from './infer/infer-schema.js';
export type {
    ChangeKind,
    JsonPatchOperation,
    RepairCandidate,
    SchemaChange,
    SuggestedChanges,
    SuggestedRepair,
    SuggestOptions,
} from './infer/suggest/suggest-changes.js';
export { inferSchema, redriveQuarantine, suggestChanges } from './on-demand.js';
export type { DatasetGuardOptions, StorageTarget, Tolerance } from './options.js';
export type { RepairFunction, RepairOption, RepairPolicy, RepairStepOption } from './pipeline/repair/options.js';
export type { RepairSample, RepairSummary } from './pipeline/repair/repair-counts.js';
export type { DuplicateSummary } from './pipeline/unique/duplicate-counts.js';
export type { DuplicatesOption, UniqueFunction, UniqueOption } from './pipeline/unique/options.js';
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
export type { RedriveResult, SkippedRecords } from './redrive/result.js';
