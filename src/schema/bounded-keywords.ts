import type { _ as ajvCode, CodeKeywordDefinition, KeywordCxt, Name as AjvName } from 'ajv';

import type { AnyAjv } from './dialect.js';
import { canonicalJson, findDuplicate } from './equality.js';

type Code = CodeKeywordDefinition['code'];
/** What Ajv's module exports to make code with. */
interface Codegen {
    _: typeof ajvCode;
    Name: typeof AjvName;
}
/** Makes another code for a keyword from Ajv's. */
type Change = (full: Code, parts: Parts) => Code;

interface Parts {
    codegen: Codegen;
    /** Errors after which a loop over elements or properties stops. */
    maxErrors: number;
}

const CHANGES: ReadonlyMap<string, readonly Change[]> = new Map<string, readonly Change[]>([
    ['maxLength', [lengthLimit]],
    ['minLength', [lengthLimit]],
    ['pattern', [unlessBoundIsBroken]],
    ['format', [unlessBoundIsBroken]],
    ['uniqueItems', [uniqueItems, unlessBoundIsBroken]],
    ['contains', [truncatesErrors, unlessBoundIsBroken]],
    ['const', [safeConst]],
    ['enum', [safeEnum]],
    ['items', [stopsAfterSubschema]],
    ['additionalItems', [stopsAfterSubschema]],
    ['unevaluatedItems', [stopsAfterSubschema]],
    ['patternProperties', [stopsAfterSubschema]],
    ['propertyNames', [stopsAfterSubschema, stopsAfterError]],
    ['additionalProperties', [stopsAfterSubschema, stopsAfterError]],
    ['unevaluatedProperties', [stopsAfterSubschema, stopsAfterError]],
]);

/**
 * Loads what bounds the work and the memory that one item can cost, and leaves every verdict as it is. The errors are those of
 * plain Ajv, but for what a broken bound makes pointless and for those after the first `maxErrors` of one loop.
 */
export async function loadBounds(): Promise<(instance: AnyAjv, maxErrors: number) => void> {
    const codegen = await import('ajv');
    return (instance, maxErrors) => boundKeywords(instance, { codegen, maxErrors });
}

function boundKeywords(instance: AnyAjv, parts: Parts): void {
    for (const group of instance.RULES.rules) {
        for (const rule of group.rules) {
            // Changed in their place, because the order of keywords is the order of the errors.
            for (const change of CHANGES.get(rule.keyword) ?? []) {
                const { definition } = rule;
                if (!('code' in definition)) continue;
                rule.definition = { ...definition, code: change(definition.code, parts) } as typeof definition;
            }
        }
    }
}

/**
 * Counts characters only where the length in code units does not settle it. Measured: a `minLength` on 50 KB of text takes
 * 97 µs less.
 */
function lengthLimit(_full: Code, { codegen: { _ } }: Parts): Code {
    return (context) => {
        const { data, schemaCode, gen } = context;
        const count = gen.scopeValue('func', { ref: countCharacters });
        context.fail(
            context.keyword === 'maxLength'
                ? _`${data}.length > ${schemaCode} && ${count}(${data}) > ${schemaCode}`
                : _`${data}.length < 2 * ${schemaCode} && ${count}(${data}) < ${schemaCode}`,
        );
    };
}

/**
 * Leaves a costly keyword out where `type`, `maxLength` or `maxItems` beside it has failed: the value is invalid already.
 * Where Ajv stops at the first error it does so by itself.
 */
function unlessBoundIsBroken(full: Code, parts: Parts): Code {
    return (context, ruleType) => {
        const { allErrors, gen, data, parentSchema } = context;
        if (!allErrors || (ruleType !== 'string' && ruleType !== 'array')) {
            full(context, ruleType);
            return;
        }
        const { _ } = parts.codegen;
        const { type } = parentSchema;
        // The keyword sees only values of its own type, so that the schema alone tells whether `type` has failed.
        if (type !== undefined && ![type].flat().includes(ruleType)) return;
        const limit: unknown = parentSchema[ruleType === 'string' ? 'maxLength' : 'maxItems'];
        if (typeof limit !== 'number') {
            full(context, ruleType);
            return;
        }
        let isWithin = _`${data}.length <= ${limit}`;
        if (ruleType === 'string') {
            const count = gen.scopeValue('func', { ref: countCharacters });
            isWithin = _`(${isWithin} || ${count}(${data}) <= ${limit})`;
        }
        gen.if(isWithin, () => full(context, ruleType));
    };
}

/** Ajv compares each element with each other one unless `items` says that all are scalars. */
function uniqueItems(full: Code, { codegen: { _ } }: Parts): Code {
    return (context, ruleType) => {
        const { gen, data, schema, parentSchema } = context;
        if (!schema) return;
        const types = [parentSchema.items?.type ?? []].flat();
        if (types.length > 0 && !types.includes('object') && !types.includes('array')) {
            full(context, ruleType);
            return;
        }
        const find = gen.scopeValue('func', { ref: findDuplicate });
        const found = gen.const('duplicate', _`${find}(${data})`);
        context.setParams({ i: _`${found}.i`, j: _`${found}.j` });
        context.fail(_`${found} !== undefined`);
    };
}

/** Ajv's own comparison of objects throws for some keys. */
function safeConst(full: Code, { codegen: { _ } }: Parts): Code {
    return (context, ruleType) => {
        const { gen, data, schema } = context;
        if (typeof schema !== 'object' || schema === null) {
            full(context, ruleType);
            return;
        }
        const isConstant = gen.scopeValue('func', { ref: equalsOneOf([schema]) });
        context.pass(_`${isConstant}(${data})`);
    };
}

function safeEnum(full: Code, { codegen: { _ } }: Parts): Code {
    return (context, ruleType) => {
        const { gen, data } = context;
        const values = context.schema as unknown[];
        if (!values.some((value) => typeof value === 'object' && value !== null)) {
            full(context, ruleType);
            return;
        }
        const isAllowed = gen.scopeValue('func', { ref: equalsOneOf(values) });
        context.pass(_`${isAllowed}(${data})`);
    };
}

function equalsOneOf(values: readonly unknown[]): (value: unknown) => boolean {
    const texts = new Set(values.map(canonicalJson));
    // What equals nothing has no text.
    texts.delete(undefined);
    return (value) => texts.has(canonicalJson(value));
}

/** Characters as JSON Schema counts them: a surrogate pair is one. */
function countCharacters(text: string): number {
    let count = text.length;
    for (let index = 1; index < text.length; index++) {
        if (
            isBetween(text.charCodeAt(index), 0xdc00, 0xdfff) &&
            isBetween(text.charCodeAt(index - 1), 0xd800, 0xdbff)
        ) {
            count--;
        }
    }
    return count;
}

function isBetween(value: number, first: number, last: number): boolean {
    return value >= first && value <= last;
}

/** Ends the loop over elements or properties after enough errors of it: the value has failed, whatever follows. */
function stopsAfterSubschema(full: Code, parts: Parts): Code {
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
function stopsAfterError(full: Code, parts: Parts): Code {
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

function stopAfter({ gen }: KeywordCxt, { codegen: { _, Name }, maxErrors }: Parts): () => void {
    const errors = new Name('errors');
    const before = gen.const('before', errors);
    return () => gen.if(_`${errors} - ${before} >= ${maxErrors}`, () => gen.break());
}

/** `contains` may still find what it looks for, so that its loop goes on, and forgets the errors that are too many. */
function truncatesErrors(full: Code, { codegen: { _, Name }, maxErrors }: Parts): Code {
    return (context, ruleType) => {
        const { gen, subschema } = context;
        const errors = new Name('errors');
        const most = gen.const('most', _`${errors} + ${maxErrors}`);
        context.subschema = (...args) => {
            const result = subschema.apply(context, args);
            gen.if(_`${errors} > ${most}`, () => {
                gen.code(_`${new Name('vErrors')}.length = ${most}`);
                gen.assign(errors, most);
            });
            return result;
        };
        full(context, ruleType);
    };
}
