import type { QuarantineOptions } from '../../src/pipeline/quarantine/quarantine.js';
import { Quarantine } from '../../src/pipeline/quarantine/quarantine.js';
import type { RejectedItem } from '../../src/pipeline/quarantine/record.js';
import { PayloadPool } from '../../src/pipeline/chunk.js';
import type { ItemSink, QuarantineStore } from '../../src/ports.js';
import type { QuarantineRecord } from '../../src/records.js';
import { HandClock } from './stage-clock.js';
import { itemsOf } from './stage-parts.js';

/** Keeps large items in memory, and remembers what it was asked. */
export class MemoryStore implements QuarantineStore {
    readonly items = new Map<string, string>();
    failure: Error | undefined;

    async open(): Promise<ItemSink> {
        throw new Error('The dataset is opened by whoever delivers the records.');
    }

    async storeItem(key: string, itemText: string): Promise<{ itemStoreId: string; itemKey: string }> {
        if (this.failure) throw this.failure;
        this.items.set(key, itemText);
        return { itemStoreId: 'store', itemKey: key };
    }

    async storeWithRun(): Promise<string> {
        return 'nowhere';
    }
}

type Callbacks = Partial<Pick<QuarantineOptions, 'redact' | 'onQuarantine'>>;

/** A quarantine whose requests are kept; `gate` is awaited by each before it is stored. */
export function startQuarantine({
    redact,
    onQuarantine,
    maxRecordBytes = 1_000,
}: Callbacks & { maxRecordBytes?: number } = {}) {
    const store = new MemoryStore();
    const clock = new HandClock(Date.UTC(2025, 0, 1));
    const requests: QuarantineRecord[][] = [];
    const callbackErrors: [option: string, error: unknown][] = [];
    const state = { storedItems: 0, gate: async (): Promise<void> => undefined };
    const quarantine = new Quarantine({
        store,
        clock,
        payloads: new PayloadPool(maxRecordBytes),
        maxRecordBytes,
        origin: () => ({ datasetId: 'movies', actorRunId: 'run', schemaHash: 'abc' }),
        redact,
        onQuarantine,
        onCallbackError: (option, error) => void callbackErrors.push([option, error]),
        deliver: async (payload) => {
            const records = itemsOf(payload) as QuarantineRecord[];
            await state.gate();
            requests.push(records);
            return undefined;
        },
        findStored: async () => new Set(),
        saveFirst: async () => undefined,
        position: async () => undefined,
        onStored: (count) => {
            state.storedItems += count;
        },
    });
    const add = (item: unknown, rest: Partial<RejectedItem> = {}) => {
        const text = item === undefined ? undefined : JSON.stringify(item);
        quarantine.add({
            text,
            reason: 'schema',
            rejectedBy: 'guard',
            errors: [],
            itemPosition: 0,
            owner: undefined,
            ...rest,
        });
    };
    const stored = () => requests.flat();
    return { quarantine, store, clock, requests, callbackErrors, state, add, stored };
}
