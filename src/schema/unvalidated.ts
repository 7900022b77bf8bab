import type { Dictionary } from '../records.js';
import { isAnnotation, isBareMap, isKeyword, isTypeName } from './bare-map.js';
import { canRejectItem } from './can-reject.js';
import { type Dialect, dialectOf, DRAFT_07 } from './dialect.js';
import { isKnownWord } from './keywords.js';
import { mistakes, misspelt } from './mistakes.js';
import { isObject, type SchemaPlace } from './place.js';
import { propertyNames, schemaText } from './property-text.js';

/** Why a schema cannot validate items, as a predicate and an imperative without full stops. */
export interface Finding {
    problem: string;
    remedy: string;
    /** It may be meant so: nothing in it looks like a mistake. */
    isDeliberate?: true;
}

export const EXAMPLE = schemaText({ url: { type: 'string' } }).replace(/ \}$/, ', "required": ["url"] }');
const MAX_SHOWN_WORDS = 5;

/**
 * Says why this cannot be the schema of one item, though it is valid JSON Schema and the platform accepts it. `undefined`
 * where it validates items. Source of the rule for arrays: the platform's guide, "it always needs to be a schema of an object".
 */
export function whyUnvalidated(schema: Dictionary, { isCode }: SchemaPlace): Finding | undefined {
    if (isFieldsAlone(schema)) return datasetSchema(isCode);
    // Early, because a map may have fields that are called `type` or `items`.
    if (isBareMap(schema)) return bareMap(schema);
    const types = [schema.type ?? []].flat() as unknown[];
    if (types.length > 0 && isTypeName(schema.type) && !types.includes('object')) {
        if (types.includes('array')) return arraySchema();
        return {
            problem: `has the type ${JSON.stringify(schema.type)}, which no item can have`,
            remedy: 'Describe one item, an object: use "type": "object"',
        };
    }
    const dialect = (typeof schema.$schema === 'string' ? dialectOf(schema.$schema) : undefined) ?? DRAFT_07;
    if (canRejectItem(schema, dialect)) return undefined;
    const isDatasetSchema =
        ('actorSpecification' in schema && !isObject(schema.storages)) ||
        (isObject(schema.fields) && !isKeyword('fields', schema));
    if (isDatasetSchema) return datasetSchema(isCode);
    if (isObject(schema.storages)) {
        return {
            problem: 'is the definition of an Actor, which as JSON Schema validates nothing',
            remedy: 'Give the dataset schema that its "storages" names',
        };
    }
    const wrong = misspelt(schema);
    if (wrong.length > 0) {
        const words = wrong.map(
            ({ word, meant }) => `${JSON.stringify(word)} is no keyword of JSON Schema, did you mean "${meant}"?`,
        );
        return {
            problem: `has no keyword that can reject an item (${words.join(' ')})`,
            remedy: `Write "${wrong[0]!.meant}" for ${JSON.stringify(wrong[0]!.word)}`,
        };
    }
    if (schema.type === undefined && ['items', 'prefixItems', 'contains'].some((key) => key in schema)) {
        return arraySchema();
    }
    return properties(schema) ?? mistaken(schema, dialect) ?? toothless(schema);
}

/** `{ fields: { type: 'object', … } }` is a dataset schema that lacks the rest; one property `fields` of objects is rarer by far. */
function isFieldsAlone({ fields, ...others }: Dictionary): boolean {
    return (
        isObject(fields) &&
        [fields.type].flat().includes('object') &&
        Object.entries(others).every(([key, value]) => isAnnotation(key, value))
    );
}

function datasetSchema(isCode = false): Finding {
    const also = isCode ? ', or give the whole of it with "actorSpecification": 1' : '';
    return {
        problem: 'is a whole dataset schema, which as JSON Schema validates nothing',
        remedy: `Put in its place what its "fields" holds${also}`,
    };
}

function arraySchema(): Finding {
    return {
        problem: 'is the schema of an array',
        remedy: 'Describe one item, an object: move what "items" holds to the top; the platform applies it to each item',
    };
}

function bareMap(schema: Dictionary): Finding {
    const entries = Object.entries(schema).filter(([key, value]) => !isAnnotation(key, value));
    return {
        problem: 'is a bare map of properties, which as JSON Schema validates nothing',
        remedy: `Wrap it: ${schemaText(Object.fromEntries(entries))}`,
    };
}

/** Properties that stand at the top, where keywords are expected, in whatever words they are described. */
function properties(schema: Dictionary): Finding | undefined {
    const names = propertyNames(schema);
    if (names.length === 0) return undefined;
    const found = Object.fromEntries(names.map((name) => [name, schema[name] as unknown]));
    const words = names.slice(0, MAX_SHOWN_WORDS).map((name) => JSON.stringify(name));
    if (names.length > words.length) words.push('…');
    if (Object.keys(schema).some((key) => isKeyword(key, schema[key]))) {
        return {
            problem: `has no keyword that can reject an item: ${words.join(', ')} stand beside the keywords, not in "properties"`,
            remedy: `Move them: ${schemaText(found)}`,
        };
    }
    return {
        problem: 'is a bare map of properties, which as JSON Schema validates nothing',
        remedy: `Write it as ${schemaText(found)}`,
    };
}

/** Something deeper inside, or of another draft, that its author took for a rule. */
function mistaken(schema: Dictionary, dialect: Dialect): Finding | undefined {
    const found = mistakes(schema, dialect);
    if (found.length === 0) return undefined;
    const shown = found.slice(0, MAX_SHOWN_WORDS);
    if (found.length > shown.length) shown.push(`and ${found.length - shown.length} more`);
    return { problem: `has no keyword that can reject an item: ${shown.join('; ')}`, remedy: 'Correct that' };
}

function toothless(schema: Dictionary): Finding {
    const unknown = Object.keys(schema).filter((word) => !isKnownWord(word));
    const words = unknown.slice(0, MAX_SHOWN_WORDS).map((word) => JSON.stringify(word));
    const also = words.length === 0 ? '' : ` (unknown to JSON Schema: ${words.join(', ')})`;
    return {
        problem: `has no keyword that can reject an item${also}`,
        remedy: `Say what items must be like, for example ${EXAMPLE}`,
        ...(words.length === 0 && { isDeliberate: true }),
    };
}
