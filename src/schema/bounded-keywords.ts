import type { KeywordCxt } from 'ajv';

import { namesOf } from '../utils/cjs-names.js';
import type { AnyAjv } from './dialect.js';
import {
    boundedPath,
    boundedReference,
    countsSteps,
    stopsAfterError,
    stopsAfterSubschema,
    truncatesErrors,
} from './bounded-loops.js';
import { canonicalJson, findDuplicate, looksLike, type OnWalk } from './equality.js';
import type { Bounds, Change, Code, KeywordParts } from './keyword-code.js';

/** With as few values as this, comparing with each takes no longer than looking one up. */
const MAX_COMPARED_VALUES = 16;

/** The last change of a keyword is applied around the ones before it; that of the path calls Ajv's own code. */
const CHANGES: ReadonlyMap<string, readonly Change[]> = new Map<string, readonly Change[]>([
    ['maxLength', [lengthLimit, countsSteps(0.5)]],
    ['minLength', [lengthLimit, countsSteps(0.5)]],
    ['pattern', [countsSteps(1), unlessBoundIsBroken]],
    ['format', [countsSteps(1), unlessBoundIsBroken]],
    ['uniqueItems', [uniqueItems, countsSteps(8), unlessBoundIsBroken]],
    ['contains', [truncatesErrors, countsSteps(3), forgetsErrorsIfBoundIsBroken]],
    ['$ref', [boundedReference]],
    ['$dynamicRef', [boundedReference]],
    ['$recursiveRef', [boundedReference]],
    ['const', [safeConst]],
    ['enum', [safeEnum]],
    ['maxProperties', [countsSteps(1)]],
    ['minProperties', [countsSteps(1)]],
    ['items', [stopsAfterSubschema, countsSteps(1)]],
    ['additionalItems', [stopsAfterSubschema, countsSteps(1)]],
    ['unevaluatedItems', [stopsAfterSubschema, countsSteps(1)]],
    ['patternProperties', [stopsAfterSubschema, boundedPath, countsSteps(2)]],
    // Its own error closes those of each name.
    ['propertyNames', [stopsAfterError, countsSteps(1)]],
    ['additionalProperties', [stopsAfterSubschema, stopsAfterError, boundedPath, countsSteps(2)]],
    ['unevaluatedProperties', [stopsAfterSubschema, stopsAfterError, boundedPath, countsSteps(2)]],
]);

/**
 * Loads what bounds the work and the memory that one item can cost, and leaves every verdict as it is. The errors are those of
 * plain Ajv, but for what a broken bound makes pointless and for those after the first `maxErrors` of one loop.
 */
export async function loadBounds(): Promise<(instance: AnyAjv, bounds: Bounds) => void> {
    const codegen = namesOf(await import('ajv'));
    return (instance, bounds) => boundKeywords(instance, { codegen, ...bounds });
}

function boundKeywords(instance: AnyAjv, parts: KeywordParts): void {
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
function lengthLimit(_full: Code, { codegen: { _ } }: KeywordParts): Code {
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
 * In the mode that stops at the first error Ajv does so by itself.
 */
function unlessBoundIsBroken(full: Code, parts: KeywordParts): Code {
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

/**
 * Leaves `contains` out as above; in a loop, only its errors. There Ajv's code takes the result of the last array for that of an empty
 * one behind it, so that this result must be the same.
 */
function forgetsErrorsIfBoundIsBroken(full: Code, parts: KeywordParts): Code {
    const { _, Name } = parts.codegen;
    const leaveOut = unlessBoundIsBroken(full, parts);
    return (context, ruleType) => {
        const { allErrors, gen, data, it, parentSchema } = context;
        const { maxItems } = parentSchema;
        const isInLoop = it.dataPathArr.some(isVariable);
        if (!allErrors || !isInLoop || typeof maxItems !== 'number') {
            leaveOut(context, ruleType);
            return;
        }
        const errors = new Name('errors');
        const all = new Name('vErrors');
        const before = gen.const('before', errors);
        full(context, ruleType);
        gen.if(_`${data}.length > ${maxItems} && ${errors} > ${before}`, () => {
            gen.if(before, _`${all}.length = ${before}`, () => gen.assign(all, _`null`));
            gen.assign(errors, before);
        });
    };
}

/** Whether a step of a path is the variable of a loop, and not a name or an index that the schema has. */
function isVariable(token: KeywordCxt['it']['dataPathArr'][number]): boolean {
    return typeof token === 'object' && Object.keys(token.names).length > 0;
}

/** Ajv compares each element with each other one unless `items` says that all are scalars. */
function uniqueItems(full: Code, { codegen: { _ }, limit }: KeywordParts): Code {
    return (context, ruleType) => {
        const { gen, data, schema, parentSchema } = context;
        if (!schema) return;
        const types = [parentSchema.items?.type ?? []].flat();
        if (types.length > 0 && !types.includes('object') && !types.includes('array')) {
            full(context, ruleType);
            return;
        }
        const find = gen.scopeValue('func', {
            ref: (elements: readonly unknown[]) => findDuplicate(elements, limit?.onWalk),
        });
        const found = gen.const('duplicate', _`${find}(${data})`);
        context.setParams({ i: _`${found}.i`, j: _`${found}.j` });
        context.fail(_`${found} !== undefined`);
    };
}

/** Ajv's own comparison of objects throws for some keys. */
function safeConst(full: Code, { codegen: { _ }, limit }: KeywordParts): Code {
    return (context, ruleType) => {
        const { gen, data, schema } = context;
        if (typeof schema !== 'object' || schema === null) {
            full(context, ruleType);
            return;
        }
        const isConstant = gen.scopeValue('func', { ref: equalsOneOf([schema], limit?.onWalk) });
        context.pass(_`${isConstant}(${data})`);
    };
}

/** Ajv compares with each value: 100,000 elements with 1,000 values take seconds. */
function safeEnum(full: Code, { codegen: { _ }, limit }: KeywordParts): Code {
    return (context, ruleType) => {
        const { gen, data } = context;
        const values = context.schema as unknown[];
        const hasComposites = values.some((value) => typeof value === 'object' && value !== null);
        if (!hasComposites && values.length <= MAX_COMPARED_VALUES) {
            full(context, ruleType);
            return;
        }
        const isAllowed = gen.scopeValue('func', {
            ref: hasComposites ? equalsOneOf(values, limit?.onWalk) : isOneOf(values),
        });
        context.pass(_`${isAllowed}(${data})`);
    };
}

function isOneOf(values: readonly unknown[]): (value: unknown) => boolean {
    const allowed = new Set(values);
    return (value) => allowed.has(value);
}

function equalsOneOf(values: readonly unknown[], onWalk: OnWalk | undefined): (value: unknown) => boolean {
    const texts = new Set(values.map((value) => canonicalJson(value)));
    // A value that equals nothing has no text.
    texts.delete(undefined);
    // No more of an item is read than could be equal.
    const maxLength = Math.max(0, ...[...texts].map((text) => text!.length));
    const isText = (value: unknown) => texts.has(canonicalJson(value, maxLength, onWalk));
    if (values.length > MAX_COMPARED_VALUES) return isText;
    // Each branch of an `anyOf` may ask for its own value: most are told apart at the first member.
    return (value) => values.some((each) => looksLike(value, each)) && isText(value);
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
