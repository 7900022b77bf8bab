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
    SchemaChange,
    SuggestedChanges,
    SuggestedRepair,
    SuggestOptions,
} from './infer/suggest/suggest-changes.js';
export { inferSchema, redriveQuarantine, suggestChanges } from './on-demand.js';
export type { DatasetGuardOptions, StorageTarget, Tolerance } from './options.js';
export type { Expectations, ExpectOption } from './quality/expectations.js';
export type { FieldSummary, FieldType } from './quality/fields.js';
export type { GuardReport, ItemCounts, UsedSchema } from './quality/guard-report.js';
export type { ReasonSample, ReasonSummary } from './quality/reasons.js';
export type { UnmetExpectation, Verdict } from './quality/verdict.js';
export type { RepairFunction, RepairOption, RepairPolicy, RepairStepOption } from './pipeline/repair/options.js';
export type { RepairSample, RepairSummary } from './pipeline/repair/repair-counts.js';
export type { DuplicatesOption, UniqueFunction, UniqueOption } from './pipeline/unique/options.js';
export type {
    Dictionary,
    ItemError,
    NotAPromise,
    PushResult,
    QuarantineReason,
    QuarantineRecord,
    RedriveMark,
    RequestInfo,
    DuplicateSummary,
} from './records.js';
export type { RedriveOptions } from './redrive/options.js';
export type { RedriveResult, SkippedRecords } from './redrive/result.js';
