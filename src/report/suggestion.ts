/** A change of the schema that would accept items that fail at a field, or a repair that would mend them instead. */
export interface FieldSuggestion {
    /** JSON Pointer of the field, as its reasons have it. */
    readonly field: string;
    /** The change of the schema, in words to be read after the field: "allow null". */
    readonly change: string;
    /** Items that pass with this change alone; undefined where only samples of the items are known. */
    readonly letInItems?: number | undefined;
    readonly repair?: FieldRepair | undefined;
}

export interface FieldRepair {
    /** The option to be written: `repair: { coerce: true }`. */
    readonly code: string;
    /** In words: "writing a value in the right type". */
    readonly name: string;
    /** The effect in words: "9 items", "2 of 3 such values". */
    readonly mends: string;
    /** JSON of a value before and after it; undefined where no value is known. */
    readonly sample?: { readonly before?: string | undefined; readonly after?: string | undefined } | undefined;
}
