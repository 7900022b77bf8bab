import type { InvalidItem, ItemSink, Payload, SendResult } from '../../src/ports.js';
import type { ItemError } from '../../src/records.js';
import { textsOf } from './payload-items.js';

/** How the platform names invalid items. */
export interface Shape {
    /** The first number of `itemPosition`; `none`: no item is named; `beyond`: positions outside the request. */
    positions: 'from 0' | 'from 1' | 'none' | 'beyond';
    /** Whether an error's paths are those of the request's array or those of the item. */
    paths: 'array' | 'item';
}

export interface Faults {
    shape?: Shape;
    /** Items that fail the schema. */
    bad?: ReadonlySet<string>;
    /** Items that the platform rejects with a 400 of a kind that nobody knows. */
    odd?: ReadonlySet<string>;
    /** Every request gets a 400 of a kind that nobody knows. */
    rejectsAll?: boolean;
    /** Bytes from which on a request gets a 413. */
    maxBytes?: number;
    /** The request, from 1, from which on the platform is away. */
    awayFrom?: number;
    away?: Extract<SendResult, { kind: 'unavailable' | 'refused' }>;
}

export const AWAY = { kind: 'unavailable', outcomeUnknown: false, error: new Error('The platform is away') } as const;
const refusal = (message: string) => new Error(message);

/** A dataset that answers as the platform does: it stores a request whole, or names all invalid items and stores nothing. */
export class StagePlatform implements ItemSink {
    readonly datasetId = 'stage';
    readonly stableId = 'stage';
    readonly isRemote = true;
    readonly isAtomic = true;
    /** Retries are a matter of their own. */
    readonly retries = false;
    readonly knownItemCount = 0;
    readonly stored: string[] = [];
    readonly requests: { items: string[]; byteLength: number; answer: SendResult['kind'] }[] = [];

    constructor(public faults: Faults) {}

    readonly send = async (payload: Payload): Promise<SendResult> => {
        const items = textsOf(payload);
        const result = this.#answer(items, payload.byteLength);
        this.requests.push({ items, byteLength: payload.byteLength, answer: result.kind });
        if (result.kind === 'stored') this.stored.push(...items);
        return result;
    };

    async list(offset: number, limit: number) {
        const items = this.stored.slice(offset, offset + limit).map((text) => JSON.parse(text) as unknown);
        return { items, total: this.stored.length };
    }

    #answer(items: string[], byteLength: number): SendResult {
        const { bad, odd, rejectsAll, maxBytes = Infinity, awayFrom = Infinity, away = AWAY } = this.faults;
        if (this.requests.length + 1 >= awayFrom) return away;
        if (byteLength > maxBytes) return { kind: 'too-large', error: refusal('The POST payload is too large') };
        if (rejectsAll || items.some((item) => odd?.has(item))) {
            return { kind: 'bad-request', error: refusal('Something is wrong') };
        }
        const positions = items.flatMap((item, position) => (bad?.has(item) ? [position] : []));
        if (positions.length === 0) return { kind: 'stored' };
        const invalidItems = this.named(positions, items.length);
        return { kind: 'invalid', invalidItems, error: refusal('Items do not match the schema') };
    }

    protected named(positions: number[], itemCount: number): InvalidItem[] {
        const { positions: counted, paths } = this.faults.shape ?? { positions: 'from 0', paths: 'item' };
        if (counted === 'none') return [];
        const offset = { 'from 0': 0, 'from 1': 1, 'beyond': itemCount + 7 }[counted];
        return positions.map((position) => ({
            itemPosition: position + offset,
            errors: [paths === 'array' ? arrayError(position) : ITEM_ERROR],
        }));
    }
}

/** The error of every bad item, as a record must have it. */
export const ITEM_ERROR: ItemError = {
    instancePath: '/title',
    schemaPath: '#/properties/title/type',
    keyword: 'type',
    params: { type: 'string' },
    message: 'must be string',
};

function arrayError(position: number): ItemError {
    return { ...ITEM_ERROR, instancePath: `/${position}/title`, schemaPath: '/items/properties/title/type' };
}
