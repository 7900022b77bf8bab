import type { Dictionary } from '../../records.js';
import { count } from '../../utils/format.js';
import { pointerNames, toPointer } from '../../utils/json-pointer.js';
import { locate, schemaAt } from './locate.js';
import type { SuggestedRepair } from './suggest-changes.js';
import { suggestChanges } from './suggest-changes.js';

/** A reason for which items failed, as a report has it: of the items only some values are known. */
export interface SampledReason {
    readonly reason: string;
    readonly keyword: string;
    /** The field's path. An index is written `*`, and so is a key that only the data knows. */
    readonly path: string;
    /** As `path`; for what is missing its own path. */
    readonly field: string;
    readonly schemaPath: string;
    readonly samples: readonly { readonly value?: string; readonly path: string }[];
}

export interface SampleSuggestion {
    readonly field: string;
    readonly change: string;
    readonly repair?: {
        readonly code: string;
        readonly name: string;
        readonly mends: string;
        readonly sample?: { readonly before?: string | undefined; readonly after?: string | undefined } | undefined;
    };
}

/** Each compiles some schemas. */
const MAX_REASONS = 10;

/** Suggests how to accept the values that reports show, or mend them: the same as `suggestChanges` says of whole items. */
export async function suggestForSamples(
    root: Dictionary,
    reasons: readonly SampledReason[],
): Promise<SampleSuggestion[]> {
    const suggestions: SampleSuggestion[] = [];
    for (const reason of reasons.filter((one) => one.reason === 'schema').slice(0, MAX_REASONS)) {
        // A part of a schema may refer to what is not in it. Then there is nothing to say.
        suggestions.push(...(await suggestFor(root, reason).catch(() => [])));
    }
    return suggestions;
}

async function suggestFor(root: Dictionary, reason: SampledReason): Promise<SampleSuggestion[]> {
    const place = placeOf(root, reason);
    if (place === undefined) return [];
    const { names, isArray, node, leaves } = place;
    const required = requiredNames(root);
    const schema = names.reduceRight<Dictionary>(
        (inner, name, index) => around(inner, name, isArray[index], required),
        node,
    );
    const items = leaves.map((leaf) =>
        names.reduceRight<unknown>(
            (inner, name, index) => (isArray[index] ? [inner] : { [name ?? 'key']: inner }),
            leaf,
        ),
    );
    const { definitions, $defs, $schema } = root;
    const { changes } = await suggestChanges(items, { ...schema, $schema, definitions, $defs });
    return changes
        .filter(({ path }) => path === reason.field)
        .map(({ path, description, failedItems, repairs: [repair] }) => ({
            field: path,
            change: description,
            ...(repair && { repair: repairOf(repair, failedItems) }),
        }));
}

function repairOf({ code, name, mendedItems, samples: [sample] }: SuggestedRepair, failedItems: number) {
    const mends = mendedItems === failedItems ? 'such items' : `${mendedItems} of ${count(failedItems, 'such value')}`;
    const json = sample && { before: JSON.stringify(sample.before), after: JSON.stringify(sample.after) };
    return { code, name, mends, sample: json };
}

interface Place {
    /** The last name of the path; undefined for a key that only the data knows. */
    names: (string | undefined)[];
    isArray: boolean[];
    /** The part of the schema that the values failed. */
    node: Dictionary;
    leaves: unknown[];
}

/** The part of the schema that is at fault, and values that fail it. */
function placeOf(root: Dictionary, { keyword, path, schemaPath, samples }: SampledReason): Place | undefined {
    const isMissing = keyword === 'required';
    const isUnknown = keyword === 'additionalProperties' || keyword === 'unevaluatedProperties';
    const isAboutMember = isMissing || isUnknown;
    const concrete = samples.map((sample) => ({ ...sample, names: pointerNames(sample.path) }));
    const [first] = concrete;
    if (first === undefined) return undefined;
    const own = isAboutMember ? first.names.slice(0, -1) : first.names;
    const general = pointerNames(path);
    if (general.length !== own.length || (own.length === 0 && !isAboutMember)) return undefined;
    const pointer = locate(root, { instancePath: toPointer(own), schemaPath, keyword, params: {} });
    const node = pointer === undefined ? undefined : schemaAt(root, pointer);
    if (typeof node !== 'object') return undefined;
    const isArray = general.map((name, index) => name === '*' && /^\d+$/.test(own[index]!));
    const names = general.map((name) => (name === '*' ? undefined : name));
    const member = first.names.at(-1)!;
    if (isMissing) {
        const property: unknown = (node.properties as Dictionary | undefined)?.[member] ?? {};
        const required = { type: 'object', required: [member], properties: { [member]: property } };
        return { names, isArray, node: required, leaves: [{}] };
    }
    const values = concrete.flatMap(({ value, names: [...all] }) => {
        const parsed = parse(value);
        return parsed === undefined ? [] : isUnknown ? { [all.at(-1)!]: parsed } : [parsed];
    });
    if (values.length === 0) return undefined;
    return { names, isArray, node: isUnknown ? { type: 'object', additionalProperties: false } : node, leaves: values };
}

function around(
    inner: Dictionary,
    name: string | undefined,
    isArray: boolean | undefined,
    required: ReadonlySet<string>,
): Dictionary {
    if (isArray) return { type: 'array', items: inner };
    if (name === undefined) return { type: 'object', additionalProperties: inner };
    return { type: 'object', properties: { [name]: inner }, ...(required.has(name) && { required: [name] }) };
}

/** What is required anywhere counts as required here: no repair is suggested that might not do. */
function requiredNames(schema: unknown, names = new Set<string>()): Set<string> {
    if (typeof schema !== 'object' || schema === null) return names;
    const { required } = schema as Dictionary;
    if (Array.isArray(required)) for (const name of required) names.add(String(name));
    for (const value of Object.values(schema)) requiredNames(value, names);
    return names;
}

/** `undefined` for the beginning of a long value. */
function parse(json: string | undefined): unknown {
    try {
        return json === undefined ? undefined : JSON.parse(json);
    } catch {
        return undefined;
    }
}
