import type { Ajv, Options } from 'ajv';
import type { Ajv2019 } from 'ajv/dist/2019.js';
import type { Ajv2020 } from 'ajv/dist/2020.js';

import { failAt, kindOf, type SchemaPlace } from './place.js';

/** A draft of JSON Schema that can be compiled. */
export interface Dialect {
    readonly name: 'draft-07' | '2019-09' | '2020-12';
    /** `$schema` exactly as Ajv knows it. */
    readonly uri: string;
    /** A validator of its own for each schema: Ajv remembers every `$id` that it has seen. */
    create(options: Options): Promise<Ajv | Ajv2019 | Ajv2020>;
}

const DRAFT_07: Dialect = {
    name: 'draft-07',
    uri: 'http://json-schema.org/draft-07/schema#',
    create: async (options) => new (await import('ajv')).Ajv(options),
};

const DIALECTS: readonly Dialect[] = [
    DRAFT_07,
    {
        name: '2019-09',
        uri: 'https://json-schema.org/draft/2019-09/schema',
        create: async (options) => new (await import('ajv/dist/2019.js')).Ajv2019(options),
    },
    {
        name: '2020-12',
        uri: 'https://json-schema.org/draft/2020-12/schema',
        create: async (options) => new (await import('ajv/dist/2020.js')).Ajv2020(options),
    },
];

/**
 * The draft that `$schema` names, whether with http or https and with or without the empty fragment; draft-07 without one.
 * @throws SchemaLoadError for any other draft
 */
export function dialectOf($schema: unknown, place: SchemaPlace): Dialect {
    if ($schema === undefined) return DRAFT_07;
    const supported = DIALECTS.map(({ uri }) => `"${uri}"`).join(', ');
    if (typeof $schema !== 'string') {
        failAt(
            place,
            `has a "$schema" that is ${kindOf($schema)}. Expected one of ${supported}, or none for draft-07.`,
        );
    }
    const wanted = withoutSchemeAndFragment($schema);
    const dialect = DIALECTS.find(({ uri }) => withoutSchemeAndFragment(uri) === wanted);
    if (dialect) return dialect;
    return failAt(
        place,
        `has the "$schema" ${JSON.stringify($schema)}, which is not supported. Expected one of ${supported}, or none for draft-07.`,
    );
}

function withoutSchemeAndFragment(uri: string): string {
    return uri
        .trim()
        .replace(/^https?:\/\//, '')
        .replace(/#$/, '');
}
