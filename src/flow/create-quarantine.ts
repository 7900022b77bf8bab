import type { ResolvedOptions } from '../options.js';
import { PayloadPool } from '../pipeline/chunk.js';
import { Quarantine } from '../pipeline/quarantine/quarantine.js';
import type { RecordOrigin } from '../pipeline/quarantine/record.js';
import type { Clock, Deadline, Log, QuarantineStore, Tuning } from '../ports.js';
import { RecordWriter } from './record-writer.js';
import type { CallbackErrors } from '../report/callback-errors.js';
import type { Statistics } from '../report/statistics.js';

export interface QuarantineParts {
    options: ResolvedOptions;
    quarantineStore: QuarantineStore;
    recordOrigin: () => RecordOrigin;
    statistics: Statistics;
    callbackErrors: CallbackErrors;
    /** Saves rejected items with the run. Never rejects. */
    saveRejected: () => Promise<void>;
    clock: Clock;
    deadline: Deadline;
    tuning: Tuning;
    log: Log;
}

/** The last stage, with what writes its records: of payloads as large as those of items, by a sender of its own. */
export function createQuarantine(parts: QuarantineParts): Quarantine {
    const { options, statistics, callbackErrors, deadline, clock } = parts;
    const records = new RecordWriter({ ...parts, store: parts.quarantineStore });
    return new Quarantine({
        redact: options.redact,
        onQuarantine: options.onQuarantine,
        store: records,
        payloads: new PayloadPool(options.maxPayloadBytes),
        maxRecordBytes: options.maxPayloadBytes,
        origin: parts.recordOrigin,
        clock,
        onCallbackError: (option, error) => callbackErrors.add(option, error),
        deliver: async (payload, readBack) => records.write(payload, readBack),
        findStored: async (payload, readBack) => records.findStored(payload, readBack),
        saveFirst: async () => deadline.race(parts.saveRejected()),
        position: async () => records.position(),
        onStored: (count) => {
            statistics.quarantinedItems += count;
        },
    });
}
