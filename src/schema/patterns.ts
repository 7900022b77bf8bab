import type { Ajv, Format } from 'ajv';
import type { RegExpEngine } from 'ajv/dist/types/index.js';

import type { AnyAjv } from './dialect.js';
import { QUICK_FORMATS, withoutNeedlessChoice } from './quick-formats.js';

/** Called when a text could not be tested: the engine ran out of memory for it. */
export type OnUndecided = () => void;

/** The flag with which a regular expression is valid: `u`, else none; `undefined` where it is invalid either way. */
export function validFlag(pattern: string): 'u' | '' | undefined {
    for (const flag of ['u', ''] as const) {
        try {
            RegExp(pattern, flag);
            return flag;
        } catch {
            // The next flag may do.
        }
    }
    return undefined;
}

/**
 * Makes regular expressions for Ajv that never throw. A text for which the engine runs out of memory (megabytes against
 * `^(?:a|b)+$`) counts as a match, so that all other keywords still decide; so does every text for an invalid pattern.
 */
export function patternEngine(onUndecided: OnUndecided): RegExpEngine {
    const create = (pattern: string) => {
        const flag = validFlag(pattern);
        if (flag === undefined) return { test: () => true, toString: () => `invalid ${pattern}` };
        const regExp = new RegExp(pattern, flag);
        return { test: guarded((text) => regExp.test(text), onUndecided), toString: () => String(regExp) };
    };
    return Object.assign(create, { code: 'new RegExp' });
}

/** Makes the formats of `ajv` cheap for what is mostly valid, and as safe as its patterns. */
export function addSafeFormats(ajv: AnyAjv, onUndecided: OnUndecided): void {
    for (const [name, format] of Object.entries(ajv.formats)) {
        const test = format === undefined ? undefined : testOf(format);
        if (test === undefined) continue;
        const quick = QUICK_FORMATS.get(name);
        const validate = guarded(quick === undefined ? test : (text) => quick.test(text) || test(text), onUndecided);
        const definition = typeof format === 'object' && !(format instanceof RegExp) ? format : {};
        ajv.addFormat(name, { ...definition, validate } as Format);
    }
}

/** The test of a format for text; `undefined` where it is one for numbers, or accepts everything. */
function testOf(format: Exclude<Ajv['formats'][string], undefined>): ((text: string) => boolean) | undefined {
    if (typeof format === 'function') return format as (text: string) => boolean;
    if (typeof format !== 'object') return undefined;
    if (format instanceof RegExp) {
        const pattern = withoutNeedlessChoice(format);
        return (text) => pattern.test(text);
    }
    if (format.type === 'number' || format.async || typeof format.validate === 'string') return undefined;
    return testOf(format.validate as Exclude<Ajv['formats'][string], undefined>);
}

function guarded(test: (text: string) => boolean, onUndecided: OnUndecided): (text: string) => boolean {
    return (text) => {
        try {
            return test(text);
        } catch (error) {
            if (!(error instanceof RangeError)) throw error;
            onUndecided();
            return true;
        }
    };
}
