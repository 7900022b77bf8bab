import { createHash } from 'node:crypto';

import type { AnyValidateFunction } from 'ajv/dist/types/index.js';

import type { ItemSchema, Log } from '../ports.js';
import type { Dictionary } from '../records.js';
import { loadBounds } from './bounded-keywords.js';
import { type Dialect, dialectOf, DRAFT_07, SUPPORTED_DIALECTS } from './dialect.js';
import { BOUNDS } from './item-errors.js';
import { ITEM, itemSchema, loadValidators, type Validators } from './item-schema.js';
import { freezeAll } from '../utils/freeze.js';
import { failAt, isObject, kindOf, placeInWords, type SchemaPlace, type Unvalidated } from './place.js';
import { problemsInWords } from './problems.js';
import { TooMuchWorkError } from './work-limit.js';
import { tolerate } from './tolerate.js';
import { EXAMPLE, type Finding, whyUnvalidated } from './unvalidated.js';

/** A schema made ready, or why it validates nothing. */
export type CompiledFields =
    | { readonly schema: ItemSchema; readonly reason?: undefined; readonly remedy?: undefined }
    | Unvalidated;

/** Notes on one schema that the log shows. */
const MAX_SHOWN_NOTES = 5;

/**
 * Makes the JSON Schema of one item ready, once, as the platform must: unknown keywords ignored, formats checked, draft-07
 * unless `$schema` says otherwise. Every schema that the platform accepts opens; one warning says what is odd about it. Later
 * changes of `fields` have no effect.
 *
 * @throws SchemaLoadError where the platform refuses the schema, too, or where it was written in code and cannot validate anything
 */
export async function compileItemSchema(fields: unknown, place: SchemaPlace, log: Log): Promise<CompiledFields> {
    if (fields === undefined || fields === null || typeof fields === 'boolean') return withoutKeywords(fields, place);
    if (!isObject(fields)) {
        const problem = `must be the JSON Schema of one item, an object, but is ${kindOf(fields)}`;
        return failAt(place, `${problem}. Give ${EXAMPLE}.`);
    }
    try {
        return await compileObject(fields, place, log);
    } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const remedy = 'Give the inner levels a name in "definitions" and refer to them by "$ref"';
        return unvalidated({ problem: 'is nested too deeply for a validator', remedy }, place, error);
    }
}

async function compileObject(fields: Dictionary, place: SchemaPlace, log: Log): Promise<CompiledFields> {
    const text = jsonText(fields, place);
    const schema: unknown = JSON.parse(text);
    if (!isObject(schema)) {
        return failAt(place, `must be the JSON Schema of one item, but its JSON is ${kindOf(schema)}.`);
    }
    if (Object.keys(schema).length === 0) return withoutKeywords(undefined, place);

    const finding = whyUnvalidated(schema, place);
    // A mistake is named first. Public Actors with bare maps run, also where a field called `title` makes the schema invalid.
    if (finding !== undefined && !finding.isDeliberate) return unvalidated(finding, place);
    await assertPlatformAccepts(schema, place);
    if (finding !== undefined) return unvalidated(finding, place);
    return compile(schema, hashOfText(text), place, log);
}

/** SHA-256 of the schema's JSON text, in hexadecimal: what `ItemSchema.hash` is for the same `fields`. */
export function hashOfFields(fields: unknown): string {
    return hashOfText(JSON.stringify(fields));
}

function hashOfText(text: string): string {
    return createHash('sha256').update(text).digest('hex');
}

function jsonText(fields: Dictionary, place: SchemaPlace): string {
    try {
        return JSON.stringify(fields) ?? 'null';
    } catch (error) {
        if (error instanceof RangeError) throw error;
        return failAt(place, `cannot be written as JSON (${(error as Error).message}). Expected plain JSON.`, error);
    }
}

function withoutKeywords(fields: boolean | null | undefined, place: SchemaPlace): Unvalidated {
    const problem =
        typeof fields === 'boolean'
            ? `is ${fields}, which ${fields ? 'accepts' : 'rejects'} every item`
            : 'is empty or absent, which accepts every item';
    return unvalidated(
        { problem, remedy: `Say what items must be like, for example ${EXAMPLE}`, isDeliberate: true },
        place,
    );
}

/** @throws SchemaLoadError for a mistake in code */
function unvalidated({ problem, remedy, isDeliberate }: Finding, place: SchemaPlace, cause?: unknown): Unvalidated {
    if (place.isCode && !isDeliberate) failAt(place, `${problem}. ${remedy}.`, cause);
    return { reason: `${placeInWords(place)} ${problem}`, remedy };
}

/** The platform checks `fields` with the meta-schema of draft-07, without formats, whatever `$schema` says. */
async function assertPlatformAccepts(schema: Dictionary, place: SchemaPlace): Promise<void> {
    const errors = await errorsOfSchema(schema, DRAFT_07);
    if (errors !== undefined) failAt(place, `is not valid JSON Schema (${DRAFT_07.name}): ${errors}.`);
}

/** To compile a meta-schema takes longer than to compile most schemas, and does not depend on them. */
const metaSchemas = new Map<Dialect, Promise<AnyValidateFunction>>();

async function errorsOfSchema(schema: Dictionary, dialect: Dialect): Promise<string | undefined> {
    const validating = metaSchemas.get(dialect) ?? compileMetaSchema(dialect);
    metaSchemas.set(dialect, validating);
    const validate = await validating;
    return validate(schema) === true ? undefined : problemsInWords(validate.errors, schema);
}

async function compileMetaSchema({ load, uri }: Dialect): Promise<AnyValidateFunction> {
    const create = await load();
    const ajv = create({ allErrors: true, strict: false, validateFormats: false, logger: false });
    (await loadBounds())(ajv, BOUNDS);
    return ajv.getSchema(uri)!;
}

async function compile(schema: Dictionary, hash: string, place: SchemaPlace, log: Log): Promise<CompiledFields> {
    const notes: string[] = [];
    const $schema = schema.$schema as string | undefined;
    const dialect = dialectOf($schema);
    if (dialect === undefined) {
        const problem = `has the "$schema" ${JSON.stringify($schema)}, a draft that is not known here`;
        return unvalidated({ problem, remedy: `Use one of ${SUPPORTED_DIALECTS}, or none for draft-07` }, place);
    }
    if ($schema !== undefined) {
        if ($schema.trim() === '') notes.push(`"$schema" is empty and is read as "${DRAFT_07.uri}"; leave it out`);
        schema.$schema = dialect.uri;
    }
    notes.push(...tolerate(schema, dialect));
    freezeAll(schema);

    if (dialect !== DRAFT_07) {
        const errors = await errorsOfSchema(schema, dialect);
        const remedy = 'Correct the schema, or leave "$schema" out for draft-07';
        if (errors !== undefined) {
            return unvalidated({ problem: `is not valid JSON Schema (${dialect.name}): ${errors}`, remedy }, place);
        }
    }

    const unknownFormats = new Set<string>();
    let isUndecidedSaid = false;
    const validators = await loadValidators(dialect, schema, {
        onUndecided: () => {
            if (!isUndecidedSaid) log.warning(undecidedText(place.source));
            isUndecidedSaid = true;
        },
        onWarning: (message) => {
            const format = /^unknown format "(.*)" ignored/.exec(message)?.[1];
            if (format === undefined) log.debug(`${place.source}: ${message}`);
            else unknownFormats.add(format);
        },
    });
    let ready: ItemSchema;
    try {
        ready = itemSchema(validators, schema, { hash, source: place.source }, log);
    } catch (error) {
        return unvalidated(whyNotCompiled(error, dialect), place, error);
    }
    if (!canBeDecided(validators)) return unvalidated(ENDLESS, place);
    if (unknownFormats.size > 0) {
        const names = [...unknownFormats].map((name) => JSON.stringify(name)).join(', ');
        notes.push(`no validator knows the format ${names}; values are not checked for it`);
    }
    if (notes.length > 0) log.warning(`${placeInWords(place)}: ${notesInWords(notes)}.`);
    return { schema: ready };
}

function notesInWords(notes: readonly string[]): string {
    const shown = notes.slice(0, MAX_SHOWN_NOTES);
    if (notes.length > shown.length) shown.push(`and ${notes.length - shown.length} more`);
    return shown.join('; ');
}

const ENDLESS: Finding = {
    problem: 'refers to itself before it looks into the item, so that no validator can decide it',
    remedy: 'Remove the "$ref" that leads back to the same place',
};

function whyNotCompiled(error: unknown, dialect: Dialect): Finding {
    // A schema that is nested so deeply was told before. Ajv follows references that are all there is.
    if (error instanceof RangeError) return ENDLESS;
    if (error instanceof Error && 'missingRef' in error) {
        // Ajv puts the name under which it knows the schema before it.
        const reference = String(error.missingRef).replace(new RegExp(`^${ITEM}(?=#)`), '');
        return {
            problem: `has a "$ref" that leads nowhere: ${JSON.stringify(reference)}`,
            remedy:
                'Expected a place in the same schema, such as "#/definitions/name"; ' +
                'other files and addresses are not loaded',
        };
    }
    const reason = error instanceof Error ? error.message : String(error);
    return {
        problem: `cannot be compiled as JSON Schema (${dialect.name}): ${reason}`,
        remedy: 'Correct the schema',
    };
}

/** A schema that leads back to itself without a step into the item never ends, whatever the item. */
function canBeDecided({ compile, limit }: Validators): boolean {
    limit?.begin();
    try {
        compile('all errors')({});
        return true;
    } catch (error) {
        if (error instanceof RangeError) return false;
        // It ends, but takes long: each item is told by itself whether that is too long.
        if (error instanceof TooMuchWorkError) return true;
        throw error;
    }
}

function undecidedText(source: string): string {
    return (
        `${source}: a text in an item was too long for the engine to test it against a "pattern" or "format". ` +
        'It counts as a match here, and so do others like it; the platform decides.'
    );
}
