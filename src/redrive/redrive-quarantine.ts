import { createLog, INTERNAL_DEFAULTS, readRunIdentity } from '../apify/environment.js';
import { openJournalStore } from '../apify/journal-store.js';
import { createReturnStore, defaultQuarantine, findDataset, isRemote } from '../apify/redrive-storages.js';
import { isInitialized } from '../apify/item-sink.js';
import { DatasetGuardError, InvalidOptionsError } from '../errors.js';
import type { InternalOptions, Log } from '../ports.js';
import type { Dictionary, QuarantineRecord } from '../records.js';
import type { RepairedText } from '../pipeline/platform-repair.js';
import { readLocalDefinition } from '../schema/definition.js';
import { BATCH_ITEMS } from './batch.js';
import { hash, hashOfItem } from './fingerprint.js';
import { Journal } from './journal.js';
import type { LockTimes } from './lock.js';
import { Lock } from './lock.js';
import type { RedriveOptions, ResolvedRedrive } from './options.js';
import { resolveRedrive } from './options.js';
import { Redrive } from './redrive.js';
import type { RedriveResult } from './result.js';
import { resume } from './resume.js';
import { createClock } from '../utils/clock.js';
import { Targets } from './targets.js';

/** No part of the API. */
export interface RedriveInternals {
    internal?: Partial<InternalOptions>;
    log?: Log;
    /** Hash of the transform's source, where that is more than the function's own text. */
    transformHash?: string;
    batchItems?: number;
    lockTimes?: Partial<LockTimes>;
    /** Called with each item that is about to be sent, as it was and as it is sent. */
    onItem?: (record: QuarantineRecord, before: unknown, after: unknown) => void;
}

/**
 * Brings the items of a quarantine back: changes them where `transform` is given, validates them, and pushes them through a
 * guard into the dataset that they were meant for. An item that fails again returns to quarantine with `attempt + 1`.
 * Redriven records are remembered beside the quarantine, so that a second run, also after a crash at any moment, sends
 * nothing twice and skips nothing.
 * @throws InvalidOptionsError, SchemaLoadError, RedriveError; DeliveryError, QuarantineError: run it again to go on
 */
export async function redriveQuarantine<Item = Dictionary>(options?: RedriveOptions<Item>): Promise<RedriveResult>;
export async function redriveQuarantine(
    given?: RedriveOptions,
    internals: RedriveInternals = {},
): Promise<RedriveResult> {
    const options = resolveRedrive(given);
    const { dryRun = false, transform } = options;
    // Writes one file at a time, because the files that a killed redrive leaves must have no gaps to be read back.
    const internal = { ...INTERNAL_DEFAULTS, maxLocalWrites: 1, ...internals.internal };
    const log = internals.log ?? createLog();
    const clock = createClock();
    if (process.env.APIFY_IS_AT_HOME && !isInitialized() && !isRemote()) {
        throw new DatasetGuardError(
            'NOT_INITIALIZED',
            'redriveQuarantine() was called before Actor.init(), which connects the run to its storages. Call Actor.init() first.',
        );
    }
    const quarantine = await openQuarantine(options);
    const store = await openJournalStore(quarantine, dryRun);
    const lock = dryRun
        ? undefined
        : await Lock.acquire(store, {
              clock,
              log,
              runId: readRunIdentity().actorRunId,
              signal: options.signal,
              times: internals.lockTimes,
          });
    try {
        const journal = await Journal.open(store);
        const returnStore = createReturnStore(quarantine, internal);
        if (!dryRun) {
            await resume(
                journal,
                { dataset: quarantine, sink: returnStore.sink },
                { isRemote: isRemote(), internal, log, clock },
            );
        }
        const targets = new Targets(
            options,
            {
                options: options.guard,
                quarantineStore: returnStore,
                onRepaired: async (repaired) => journal.noteRepaired(hashesOf(repaired)),
                transformHash: internals.transformHash ?? (transform && hash(transform.toString())),
                internal,
                log,
            },
            quarantine.id,
        );
        return await new Redrive({
            options,
            journal,
            lock,
            quarantine,
            quarantineSink: returnStore.sink,
            targets,
            isRemote: isRemote(),
            batchItems: internals.batchItems ?? BATCH_ITEMS,
            onItem: internals.onItem,
        }).run();
    } finally {
        await lock?.release();
    }
}

function hashesOf(repaired: readonly RepairedText[]): [asPushed: string, asSent: string][] {
    return repaired.map(({ asPushed, asSent }) => [hashOfItem(JSON.parse(asPushed)), hashOfItem(JSON.parse(asSent))]);
}

async function openQuarantine({ guard }: ResolvedRedrive) {
    const definition = await readLocalDefinition(process.cwd()).catch(() => undefined);
    const target = guard.quarantine ?? defaultQuarantine(definition?.name);
    const quarantine = await findDataset(target);
    if (quarantine !== undefined) return quarantine;
    const name = typeof target === 'string' ? target : Object.values<string>(target)[0];
    throw new InvalidOptionsError(
        'quarantine',
        `There is no quarantine dataset "${name}" ${isRemote() ? 'on the platform' : 'in the local storage'}. ` +
            'Expected the name or id of a dataset that a guard made for rejected items.',
    );
}
