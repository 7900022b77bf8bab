import type { ApiServer, Call, Fault } from './api-server.js';

// The timers of module load: a test may put others in their place.
const { setTimeout, clearTimeout } = globalThis;

/** Something that tests hold back until they open it. */
export interface Gate {
    readonly opened: Promise<void>;
    open(): void;
}

export function createGate(): Gate {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
        open = resolve;
    });
    return { opened, open };
}

/** A 400 whose type nobody has documented: it says nothing of the schema, and names no item. */
export const WITHOUT_REASON = { status: 400, type: 'invalid-value', message: 'Some value is invalid' } as const;

/** Answers pushes to the dataset with a 400 without a reason whenever one of the items is such a one. Returns how to stop. */
export function refuseWithoutReason(
    server: ApiServer,
    datasetId: string,
    isRefused: (item: any) => boolean,
    fault: Fault = WITHOUT_REASON,
): () => void {
    return server.faults.use((call) => (isPush(call, datasetId) && itemsOf(call).some(isRefused) ? fault : undefined));
}

/** Another writer stores `count` items each time somebody lists the dataset. Returns a function that stops it. */
export function writeDuringListings(
    server: ApiServer,
    datasetId: string,
    itemsPerListing: number,
    makeItem: (index: number) => unknown = (index) => ({ foreign: index }),
): () => void {
    let written = 0;
    return server.faults.use((call) => {
        if (call.method === 'GET' && call.path.endsWith(`${datasetId}/items`)) {
            const items = Array.from({ length: itemsPerListing }, (_, index) => makeItem(written + index));
            written += itemsPerListing;
            server.append(items, datasetId);
        }
        return undefined;
    });
}

export function isPush(call: Call, datasetId: string): boolean {
    return call.method === 'POST' && call.path.endsWith(`${datasetId}/items`);
}

export function itemsOf(call: Call): any[] {
    const body = JSON.parse(call.text()) as unknown;
    return Array.isArray(body) ? body : [body];
}

/** Rejects when `promise` has not settled in time: a test that would hang says what hangs. */
export async function settlesWithin<T>(millis: number, what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} has not settled within ${millis} ms`)), millis);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearTimeout(timer);
    }
}
