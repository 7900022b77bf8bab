import type { Dictionary } from '../records.js';
import { keysOfData } from './keys-of-data.js';
import type { ObservedObject } from './observed-object.js';
import type { Kind, Sighting } from './observed-value.js';
import type { ObservedValue } from './observed-value.js';
import { titleOf } from './title.js';
import { valuesListed } from './values-listed.js';

/** The types of JSON Schema. */
export type JsonType = Kind;

/** Rare values that a schema leaves to the quarantine. */
export interface Outlier {
    /** JSON Pointer into the item; `*` for elements of an array and for keys that only the data knows. */
    readonly path: string;
    /** The type that it has instead, or `missing`. */
    readonly found: JsonType | 'missing';
    /** The types that the schema asks for. */
    readonly expected: readonly JsonType[];
    /** Values; for `missing` objects without the property. */
    readonly count: number;
    /** The number of values that were looked at. */
    readonly total: number;
    /** The first of them, at most three; none for `missing`. */
    readonly samples: readonly Sighting[];
}

export interface WriteOptions {
    /** The share of values up to which a type, or the absence of a field, is an outlier; 0 for none. */
    readonly tolerate: number;
    /** Whether numbers get `minimum` and `maximum`. */
    readonly ranges: boolean;
    readonly examples: boolean;
}

/** Makes the schema of a place of all that was seen there, and lists what it leaves out. */
export class SchemaWriter {
    readonly outliers: Outlier[] = [];
    readonly #options: WriteOptions;

    constructor(options: WriteOptions) {
        this.#options = options;
    }

    write(value: ObservedValue, path = '', title?: string): Dictionary {
        const types = this.#commonTypes(value, path);
        const isNullable = types.includes('null');
        const others = types.filter((type) => type !== 'null');
        const titled = title === undefined ? {} : { title };
        // Only null says nothing of the value that will be there one day.
        if (others.length === 0) return titled;
        if (others.length === 1) {
            const [type] = others as [JsonType];
            return {
                type: isNullable ? [type, 'null'] : type,
                ...titled,
                ...this.#details(type, value, path, isNullable),
            };
        }
        // A list of types would leave open to which of them the other keywords belong; Ajv's strict mode refuses it.
        const alternatives = others.map((type) => ({ type, ...this.#details(type, value, path, false) }));
        return { ...titled, anyOf: isNullable ? [...alternatives, { type: 'null' }] : alternatives };
    }

    /** The types that are no outliers, most frequent first, `null` last. */
    #commonTypes(value: ObservedValue, path: string): JsonType[] {
        const counts = typeCounts(value);
        const isRare = (count: number) => count <= value.total * this.#options.tolerate;
        const [most] = counts;
        const common = counts.filter((entry) => entry === most || !isRare(entry.count));
        // Where all else is null, a rare type is what the field is.
        if (common.every(({ type }) => type === 'null')) return counts.map(({ type }) => type);
        const expected = common.map(({ type }) => type);
        for (const entry of counts) {
            if (common.includes(entry)) continue;
            const { type: found, count, samples } = entry;
            this.outliers.push({ path, found, expected, count, total: value.total, samples });
        }
        return expected;
    }

    #details(type: JsonType, value: ObservedValue, path: string, isNullable: boolean): Dictionary {
        switch (type) {
            case 'string': {
                const { format } = value.text!;
                const listed = valuesListed(value.text!);
                return {
                    ...(format !== undefined && { format }),
                    ...(listed && { enum: isNullable ? [...listed, null] : listed }),
                    ...this.#example(value, 'string'),
                };
            }
            case 'integer':
            case 'number':
                return {
                    ...(this.#options.ranges && { minimum: value.range!.min, maximum: value.range!.max }),
                    ...this.#example(value, 'number'),
                };
            case 'boolean':
                return this.#example(value, 'boolean');
            case 'array':
                return value.elements === undefined ? {} : { items: this.write(value.elements, `${path}/*`) };
            case 'object':
                return value.object === undefined ? {} : this.#properties(value.object, path);
            case 'null':
                return {};
        }
    }

    #properties(object: ObservedObject, path: string): Dictionary {
        object.fold(keysOfData(object));
        object.unlist(inheritedNames(object));
        const properties: [string, Dictionary][] = [];
        const required: string[] = [];
        for (const key of object.orderedKeys()) {
            const value = object.properties.get(key)!;
            const keyPath = `${path}/${escapeKey(key)}`;
            const outliersBefore = this.outliers.length;
            const schema = this.write(value, keyPath, titleOf(key));
            properties.push([key, schema]);
            const missing = object.count - value.total;
            if (missing > object.count * this.#options.tolerate) continue;
            required.push(key);
            if (missing === 0) continue;
            const expected = typeCounts(value).map(({ type }) => type);
            const outlier = { path: keyPath, found: 'missing', expected, count: missing, total: object.count } as const;
            this.outliers.splice(outliersBefore, 0, { ...outlier, samples: [] });
        }
        return {
            ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
            ...(required.length > 0 && { required }),
            ...(object.others && { additionalProperties: this.write(object.others, `${path}/*`) }),
        };
    }

    #example({ examples }: ObservedValue, type: 'string' | 'number' | 'boolean'): Dictionary {
        const example = examples[type];
        // `example` is no keyword of JSON Schema: Ajv's strict mode refuses it.
        return this.#options.examples && example !== undefined ? { examples: [example] } : {};
    }
}

interface TypeCount {
    type: JsonType;
    count: number;
    samples: readonly Sighting[];
}

/** The types at a place, most frequent first, `null` last. A whole number is one of the numbers. */
function typeCounts(value: ObservedValue): TypeCount[] {
    const counts = new Map<JsonType, TypeCount>();
    for (const [kind, { count, first }] of value.kinds) {
        const type = kind === 'integer' && value.countOf('number') > 0 ? 'number' : kind;
        const counted = counts.get(type);
        if (counted === undefined) counts.set(type, { type, count, samples: first });
        else counted.count += count;
    }
    return [...counts.values()].sort(
        (one, other) => Number(one.type === 'null') - Number(other.type === 'null') || other.count - one.count,
    );
}

/**
 * Names that every object inherits, such as `constructor`: a validator finds a function where the property is missing, so
 * they are listed only where they are always there.
 */
function inheritedNames(object: ObservedObject): string[] {
    return [...object.properties]
        .filter(([key, { total }]) => key in Object.prototype && total < object.count)
        .map(([key]) => key);
}

function escapeKey(key: string): string {
    return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
