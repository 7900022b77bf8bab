import type { Ajv, Options } from 'ajv';
import type { Ajv2019 } from 'ajv/dist/2019.js';
import type { Ajv2020 } from 'ajv/dist/2020.js';

import { namesOf } from '../utils/cjs-names.js';

export type AnyAjv = Ajv | Ajv2019 | Ajv2020;

/** A draft of JSON Schema that can be compiled. */
export interface Dialect {
    readonly name: 'draft-07' | '2019-09' | '2020-12';
    /** `$schema` exactly as Ajv knows it. */
    readonly uri: string;
    /** Keywords of other drafts, which have no effect in this one. */
    readonly foreign: ReadonlySet<string>;
    /** Loads the validator's code. Each schema needs a validator of its own: Ajv remembers every `$id` that it has seen. */
    load(): Promise<(options: Options) => AnyAjv>;
}

const SINCE_2019_09 = [
    ...['unevaluatedProperties', 'unevaluatedItems', 'dependentRequired', 'dependentSchemas'],
    ...['minContains', 'maxContains', '$recursiveRef', '$dynamicRef'],
];

export const DRAFT_07: Dialect = {
    name: 'draft-07',
    uri: 'http://json-schema.org/draft-07/schema#',
    foreign: new Set([...SINCE_2019_09, 'prefixItems']),
    load: async () => {
        const { Ajv: Draft07 } = namesOf(await import('ajv'));
        return (options) => new Draft07(options);
    },
};

const DIALECTS: readonly Dialect[] = [
    DRAFT_07,
    {
        name: '2019-09',
        uri: 'https://json-schema.org/draft/2019-09/schema',
        foreign: new Set(['prefixItems']),
        load: async () => {
            const { Ajv2019: Draft2019 } = namesOf(await import('ajv/dist/2019.js'));
            return (options) => new Draft2019(options);
        },
    },
    {
        name: '2020-12',
        uri: 'https://json-schema.org/draft/2020-12/schema',
        foreign: new Set(['additionalItems']),
        load: async () => {
            const { Ajv2020: Draft2020 } = namesOf(await import('ajv/dist/2020.js'));
            return (options) => new Draft2020(options);
        },
    },
];

/** Values of `$schema` that can be compiled, for messages. */
export const SUPPORTED_DIALECTS = DIALECTS.map(({ uri }) => `"${uri}"`).join(', ');

/** Ajv knows draft-07 by this address, too: "the current draft", when there was no later one. */
const CURRENT_DRAFT = 'json-schema.org/schema';

/**
 * The draft that `$schema` names, whether with http or https and with or without the empty fragment; draft-07 without one,
 * or where it is empty. `undefined` for a draft that cannot be compiled.
 */
export function dialectOf($schema: string | undefined): Dialect | undefined {
    const wanted = withoutSchemeAndFragment($schema ?? '');
    if (wanted === '' || wanted === CURRENT_DRAFT) return DRAFT_07;
    return DIALECTS.find(({ uri }) => withoutSchemeAndFragment(uri) === wanted);
}

function withoutSchemeAndFragment(uri: string): string {
    return uri
        .trim()
        .replace(/^https?:\/\//, '')
        .replace(/#$/, '');
}
