import { Actor } from 'apify';
import { vi } from 'vitest';

import type { DatasetGuardOptions } from '../../../src/index.js';
import { DatasetGuard } from '../../../src/index.js';
import type { SnapshotHead } from '../../../src/run-end/snapshot.js';
import { fromPieces, parseHead } from '../../../src/run-end/snapshot.js';
import type { ApiServer } from '../../support/api-server.js';

/** The platform's times, cut short alike. */
export const QUICK = { listingLagMillis: 200, firstRetryDelayMillis: 10, requestTimeoutSecs: 5 };

/** Opens a guard that need not wait as long as the platform's times ask for. */
export async function openQuickly(
    options?: DatasetGuardOptions<any>,
    tuning: Record<string, number> = {},
): Promise<DatasetGuard<any>> {
    return openWith(DatasetGuard, options, tuning);
}

/** As `openQuickly` in the run's next process: nothing that the library has remembered is left. */
export async function openInNextProcess(
    options?: DatasetGuardOptions<any>,
    tuning: Record<string, number> = {},
): Promise<DatasetGuard<any>> {
    vi.resetModules();
    const library = await import('../../../src/index.js');
    return openWith(library.DatasetGuard, options, tuning);
}

/** Another guard in the process of this one. */
export async function openBeside(
    { constructor }: DatasetGuard<any>,
    options?: DatasetGuardOptions<any>,
): Promise<DatasetGuard<any>> {
    return openWith(constructor as typeof DatasetGuard, options, {});
}

async function openWith(
    Guard: typeof DatasetGuard,
    options: DatasetGuardOptions<any> | undefined,
    tuning: Record<string, number>,
): Promise<DatasetGuard<any>> {
    const open = Guard.open as (...args: unknown[]) => Promise<DatasetGuard<any>>;
    return open.call(Guard, options, { ...QUICK, ...tuning });
}

/** Sends an event to this process's listeners, as the SDK does, and waits for them. */
export async function emitEvent(
    name: 'migrating' | 'aborting' | 'persistState',
    data: Record<string, unknown> = {},
): Promise<void> {
    const events = Actor.config.getEventManager();
    events.emit(name as 'exit', data);
    await events.waitForAllListenersToComplete();
}

/** The heads of what waits for the run's next process. */
function headsOf(server: ApiServer, datasetId: string): SnapshotHead[] {
    const records = [...server.records()].filter(([key]) => key.startsWith(`DATASET-GUARD-STATE-${datasetId}-`));
    return records.map(([, { value }]) => parseHead(value.toString())).filter(({ itemCount }) => itemCount > 0);
}

/** The records in which items wait for the run's next process. */
export function unsentKeys(server: ApiServer, datasetId: string): string[] {
    return headsOf(server, datasetId).flatMap(({ parts }) => parts.flat().map(({ key }) => key));
}

/** The items that wait in those records, in order, the rejected ones last. */
export function savedItems(server: ApiServer, datasetId: string): any[] {
    const saved = headsOf(server, datasetId).flatMap(({ parts }) =>
        parts.map((part) => fromPieces(part.map(({ key }) => server.records().get(key)!.value.toString()))),
    );
    return [
        ...saved.flatMap(({ batches }) => batches.flatMap(({ lines }) => lines.map((line): any => JSON.parse(line)))),
        ...saved.flatMap(({ records }) => records.map((line) => JSON.parse(JSON.parse(line).itemText))),
    ];
}
