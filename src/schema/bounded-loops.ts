import type { ErrorObject, KeywordCxt, Name as AjvName } from 'ajv';

import { keepFirstErrors } from '../utils/first-errors.js';
import type { Change, Code, KeywordParts } from './keyword-code.js';
import { isObject } from './place.js';

/** Ajv's mark of a path token that is the name of a property, and not an index. */
const NAME_OF_PROPERTY = 1;

/** Errors are forgotten once there are this many times the number that is kept. */
const TRUNCATED_TIMES = 2;

/** Ends the loop over elements or properties after enough errors of it: the value has failed, whatever follows. */
export function stopsAfterSubschema(full: Code, parts: KeywordParts): Code {
    return (context, ruleType) => {
        // A tuple is no loop.
        if (!context.allErrors || Array.isArray(context.schema)) {
            full(context, ruleType);
            return;
        }
        const stop = stopAfter(context, parts);
        const { subschema } = context;
        context.subschema = (...args) => {
            const result = subschema.apply(context, args);
            stop();
            return result;
        };
        full(context, ruleType);
    };
}

/** The same for what the keyword says itself of each property. */
export function stopsAfterError(full: Code, parts: KeywordParts): Code {
    return (context, ruleType) => {
        if (context.allErrors) {
            const stop = stopAfter(context, parts);
            const { error } = context;
            context.error = (...args) => {
                error.apply(context, args);
                stop();
            };
        }
        full(context, ruleType);
    };
}

function stopAfter({ gen }: KeywordCxt, { codegen: { _, Name }, maxErrors }: KeywordParts): () => void {
    const errors = new Name('errors');
    const before = gen.const('before', errors);
    return () => gen.if(_`${errors} - ${before} >= ${maxErrors}`, () => gen.break());
}

/** `contains` may still find what it looks for, so that its loop goes on, and forgets the errors that are too many. */
export function truncatesErrors(full: Code, parts: KeywordParts): Code {
    return (context, ruleType) => {
        const { subschema, it } = context;
        const truncate = truncateAfter(context, parts, it.createErrors === false);
        context.subschema = (...args) => {
            const result = subschema.apply(context, args);
            truncate();
            return result;
        };
        full(context, ruleType);
    };
}

/** Errors below `if` and `not` are empty objects, of which only the number counts. */
function truncateAfter(
    { gen }: KeywordCxt,
    { codegen: { _, Name }, maxErrors }: KeywordParts,
    areEmpty = false,
): () => void {
    const errors = new Name('errors');
    const all = new Name('vErrors');
    const before = gen.const('before', errors);
    const kept = gen.let('kept', _`0`);
    const truncate = gen.scopeValue('func', { ref: areEmpty ? truncateEmpty : keepFirstErrors });
    // Only when many more have come, so that it is seldom done. Errors of later elements of a loop close none that are kept.
    return () =>
        gen.if(_`${errors} - ${before} > ${TRUNCATED_TIMES * maxErrors}`, () => {
            gen.if(
                _`${kept} > 0`,
                () => gen.code(_`${all}.length = ${kept}`),
                () => {
                    gen.code(_`${truncate}(${all}, ${before}, ${maxErrors})`);
                    gen.assign(kept, _`${all}.length`);
                },
            );
            gen.assign(errors, kept);
        });
}

function truncateEmpty(errors: ErrorObject[], from: number, max: number): void {
    errors.length = from + max;
}

/**
 * Counts a reference before it is followed, and forgets those of its errors that are too many: below a schema that refers to itself
 * Ajv copies the errors of all levels beneath at each level.
 */
export function boundedReference(full: Code, parts: KeywordParts): Code {
    const {
        codegen: { _ },
        limit,
    } = parts;
    return (context, ruleType) => {
        const { gen, data } = context;
        appendErrors(context, parts);
        if (limit !== undefined) {
            const count = gen.scopeValue('func', { ref: limit.onReference });
            const countScalar = gen.scopeValue('func', { ref: limit.onScalar });
            gen.code(_`(typeof ${data} == "object" && ${data} !== null ? ${count} : ${countScalar})()`);
        }
        if (!context.allErrors) {
            full(context, ruleType);
            return;
        }
        const truncate = truncateAfter(context, parts);
        full(context, ruleType);
        truncate();
    };
}

/** Counts what a keyword walks through, before it does. `cost` is that of one element, property or character, in steps. */
export function countsSteps(cost: number): Change {
    return (full, { codegen: { _ }, limit }) => {
        if (limit === undefined) return full;
        return (context, ruleType) => {
            const { gen, data, keyword, schema } = context;
            if (!isWithoutEffect(keyword, schema)) {
                gen.code(_`${gen.scopeValue('func', { ref: limit.onWalk })}(${data}, ${cost})`);
            }
            full(context, ruleType);
        };
    };
}

/** Whether a keyword accepts every value, so that Ajv writes no loop for it. */
function isWithoutEffect(keyword: string, schema: unknown): boolean {
    if (keyword === 'uniqueItems') return schema === false;
    return schema === true || (isObject(schema) && Object.keys(schema).length === 0);
}

/** Ajv copies all errors found so far whenever a reference fails: with thousands of them, each of 300,000 elements does. */
function appendErrors(context: KeywordCxt, { codegen: { _, Name }, limit }: KeywordParts): void {
    const { gen, result } = context;
    context.result = (condition, onSuccess, onFailure) => {
        const all = new Name('vErrors');
        const appended = () => {
            if (limit !== undefined) gen.code(_`${gen.scopeValue('func', { ref: limit.onFailedReference })}()`);
            const before = gen.const('before', all);
            gen.assign(all, _`null`);
            onFailure?.();
            const append = gen.scopeValue('func', { ref: appendAll });
            gen.assign(all, _`${append}(${before}, ${all})`);
            gen.assign(new Name('errors'), _`${all}.length`);
        };
        result.call(context, condition, onSuccess, onFailure && appended);
    };
}

function appendAll(errors: ErrorObject[] | null, further: ErrorObject[]): ErrorObject[] {
    if (errors === null) return further;
    for (const error of further) errors.push(error);
    return errors;
}

/**
 * Escapes a key for the paths of errors once, and only as much of it as the paths show. Ajv escapes the whole key for each error
 * below it, also for those of a branch that no longer counts: a key of 100 KB over 50,000 elements takes seconds.
 */
export function boundedPath(full: Code, { codegen: { _, str }, maxKeyLength }: KeywordParts): Code {
    return (context, ruleType) => {
        const { gen, it, subschema } = context;
        context.subschema = (args, valid) => {
            const { dataProp, dataPropType, ...others } = args;
            if (dataProp === undefined || dataPropType !== NAME_OF_PROPERTY)
                return subschema.call(context, args, valid);
            const escape = gen.scopeValue('func', { ref: escapeKeys(maxKeyLength) });
            const errorPath = str`${it.errorPath}/${_`${escape}(${dataProp})`}`;
            // Ajv reads nothing else of the context here.
            const dataPathArr = [...it.dataPathArr, dataProp as AjvName];
            const inside = { it: { ...it, errorPath, dataPathArr } } as KeywordCxt;
            return subschema.call(inside, { ...others, data: _`${it.data}[${dataProp}]` }, valid);
        };
        full(context, ruleType);
    };
}

/** Remembers the last key, which is mostly the next one, too. */
function escapeKeys(maxLength: number): (key: string) => string {
    let last = '';
    let escaped = '';
    return (key) => {
        if (key === last) return escaped;
        last = key;
        escaped = key.slice(0, maxLength).replaceAll('~', '~0').replaceAll('/', '~1');
        return escaped;
    };
}
