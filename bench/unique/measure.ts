import { DuplicateFilter } from '../../src/pipeline/unique/duplicate-filter.js';
import { ItemKeys } from '../../src/pipeline/unique/item-key.js';
import { type Key, KeySet } from '../../src/pipeline/unique/key-set.js';
import { resolveUnique } from '../../src/pipeline/unique/options.js';
import { measurePushes } from './push.js';

const ITEMS = 300_000;
/** About as many small items as a payload holds. */
const UNDER_WAY = 20_000;
const KEYS_BETWEEN_CLOCKS = 256;

interface Row {
    what: string;
    value: number;
    unit: string;
}

/** All rows of the table. */
export async function measure(keyCount: number): Promise<Row[]> {
    // The first round is compiled while it runs.
    measureItems();
    const { bare, added } = await measurePushes();
    return [
        { what: 'a push of an item of shape small', value: bare, unit: 'µs' },
        { what: "added by unique: 'url'", value: added, unit: 'µs' },
        ...measureItems(),
        ...measureKeys(keyCount),
    ];
}

function measureItems(): Row[] {
    const made = Array.from({ length: ITEMS }, (_, index) => ({ url: address(index), title: 'A title', price: index }));
    // As items come: with texts that are not concatenated at the first look.
    const items = JSON.parse(JSON.stringify(made)) as object[];
    const itemKeys = new ItemKeys(resolveUnique('url')!, () => {});
    const set = new KeySet('benchmark');
    const filter = new DuplicateFilter<object>(set, 'drop');
    const keys: (Key | undefined)[] = [];
    const start = cpuMillis();
    for (let from = 0; from < ITEMS; from += UNDER_WAY) {
        for (let index = from; index < from + UNDER_WAY; index++) {
            const text = itemKeys.keyOf(items[index]);
            const key = text === undefined ? undefined : set.keyOf(text);
            filter.admit(key);
            keys.push(key);
        }
        for (const key of keys) filter.settle(key, 'stored');
        keys.length = 0;
    }
    return [
        {
            what: 'an item with a new key, key and set alone',
            value: ((cpuMillis() - start) * 1_000) / ITEMS,
            unit: 'µs',
        },
    ];
}

function measureKeys(keyCount: number): Row[] {
    const keys = new KeySet('benchmark');
    const adding = new Pauses();
    for (let index = 0; index < keyCount; index++) {
        keys.add(keys.keyOf(address(index)));
        if (index % KEYS_BETWEEN_CLOCKS === 0) adding.mark();
    }
    const saving = new Pauses();
    const pieces: Buffer[] = [];
    for (const piece of keys.takeNew()) {
        pieces.push(piece);
        saving.mark();
    }
    const restored = new KeySet('benchmark');
    const restoring = new Pauses();
    for (const piece of pieces) {
        restored.restore(piece);
        restoring.mark();
    }
    if (restored.size !== keys.size) throw new Error(`${restored.size} of ${keys.size} keys were restored.`);
    return [
        { what: 'keys', value: keys.size, unit: '' },
        { what: 'memory', value: keys.byteLength / 1e6, unit: 'MB' },
        { what: 'memory of a key', value: keys.byteLength / keys.size, unit: 'bytes' },
        { what: 'longest pause while keys are added', value: adding.longest, unit: 'ms' },
        { what: 'pieces', value: pieces.length, unit: '' },
        { what: 'longest pause for a piece to be saved', value: saving.longest, unit: 'ms' },
        { what: 'all pieces restored', value: restoring.total, unit: 'ms' },
        { what: 'longest pause for a piece to be restored', value: restoring.longest, unit: 'ms' },
    ];
}

class Pauses {
    longest = 0;
    total = 0;
    #last = cpuMillis();

    mark(): void {
        const now = cpuMillis();
        this.longest = Math.max(this.longest, now - this.#last);
        this.total += now - this.#last;
        this.#last = now;
    }
}

function cpuMillis(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
}

function address(index: number): string {
    return `https://example.com/products/${index}`;
}
