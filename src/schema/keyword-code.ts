import type { _ as ajvCode, CodeKeywordDefinition, Name as AjvName, str as ajvText } from 'ajv';

import type { WorkLimit } from './work-limit.js';

/** Writes the code with which a compiled schema checks one keyword. */
export type Code = CodeKeywordDefinition['code'];

/** Makes another code for a keyword from Ajv's. */
export type Change = (full: Code, parts: KeywordParts) => Code;

export interface Bounds {
    /** Errors after which a loop over elements or properties stops. */
    readonly maxErrors: number;
    /** Characters of a key of the item that appear in the path of an error. */
    readonly maxKeyLength: number;
    /** Counts the work on one item where the schema may repeat it. */
    readonly limit?: WorkLimit | undefined;
}

/** Tools and limits for changes. */
export interface KeywordParts extends Bounds {
    /** Exports of Ajv's module that write code. It is loaded when a schema is compiled. */
    readonly codegen: { readonly _: typeof ajvCode; readonly str: typeof ajvText; readonly Name: typeof AjvName };
}
