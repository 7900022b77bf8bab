import { INTERNAL_DEFAULTS } from '../../src/apify/environment.js';
import type { Charging } from '../../src/apify/charging.js';
import { NO_CHARGE } from '../../src/apify/charging.js';
import { resolveOptions } from '../../src/resolve-options.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import { Pusher } from '../../src/pipeline/push.js';
import type { ItemSink, Log, QuarantineStore } from '../../src/ports.js';
import { compileItemSchema } from '../../src/schema/compile.js';
import { createClock } from '../../src/utils/clock.js';
import { SHAPES } from '../speed/shapes.js';

const ITEMS = 100_000;
const ROUNDS = 7;

const PLACE = { source: 'bench' };
const LOG: Log = { debug: ignore, info: ignore, warning: console.warn, error: console.error };
const FREE: Charging = { isActive: false, budget: (itemCount) => itemCount, charge: async () => NO_CHARGE };

/** Stores nothing, so that the guard alone is measured. */
const SINK: ItemSink = {
    datasetId: 'bench',
    stableId: 'bench',
    isRemote: true,
    retries: false,
    isAtomic: true,
    knownItemCount: 0,
    send: async () => ({ kind: 'stored' }),
    list: async () => ({ items: [], total: 0 }),
};

/** Microseconds of the processor for the push of an item of shape `small`, and what `unique: 'url'` adds; all keys are different. */
export async function measurePushes(): Promise<{ bare: number; added: number }> {
    const make = SHAPES.small.maker();
    const items = Array.from({ length: ITEMS }, make);
    const bare: number[] = [];
    const unique: number[] = [];
    // One after the other in turns, so that what disturbs one disturbs the other, too.
    for (let round = 0; round < ROUNDS; round++) {
        bare.push(await microsOfPush(items, {}));
        unique.push(await microsOfPush(items, { unique: 'url' }));
    }
    return { bare: Math.min(...bare), added: Math.min(...unique) - Math.min(...bare) };
}

/** Microseconds of the processor for the push of an item until it is stored. `change` is called before the first push. */
export async function microsOfPush(
    items: readonly object[],
    given: object,
    change: (pipeline: Pipeline) => void = () => {},
): Promise<number> {
    const options = resolveOptions(given);
    const { schema } = await compileItemSchema(SHAPES.small.fields, PLACE, LOG);
    const pipeline = await Pipeline.open({
        options,
        sink: SINK,
        quarantineStore: {} as QuarantineStore,
        origin: { datasetId: 'bench' },
        schema,
        refreshSchema: async () => undefined,
        mayPassSlowRequest: false,
        removeSecrets: (text) => text,
        clock: createClock(),
        internal: INTERNAL_DEFAULTS,
        log: LOG,
    });
    change(pipeline);
    const pusher = new Pusher(pipeline, options, FREE);
    const start = cpuMicros();
    for (const item of items) await pusher.push(item);
    await pipeline.flush();
    const micros = (cpuMicros() - start) / items.length;
    const { storedItems } = pipeline.counters.values();
    if (storedItems !== items.length) throw new Error(`${storedItems} of ${items.length} items were stored.`);
    pipeline.stop();
    return micros;
}

function cpuMicros(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
}

function ignore(): void {
    // Nothing is logged.
}
