import { loadBounds } from './bounded-keywords.js';
import type { AnyAjv, Dialect } from './dialect.js';
import type { Bounds } from './keyword-code.js';
import { addSafeFormats, patternEngine } from './patterns.js';

export interface AjvSettings {
    allErrors: boolean;
    /** Whether errors have the data and the schema that they are about. */
    verbose: boolean;
    bounds: Bounds;
    /** Called when a text was too long for a pattern or a format. */
    onUndecided?: () => void;
    /** Called when Ajv says something about a schema. */
    onWarning?: (message: string) => void;
}

/**
 * Loads Ajv with the options of the platform, as far as they are known: unknown keywords ignored, formats checked. Patterns,
 * formats and keywords are bounded, so that no item can cost much more than its size. A schema is not checked: do that before.
 */
export async function loadAjv(dialect: Dialect): Promise<(settings: AjvSettings) => AnyAjv> {
    const create = await dialect.load();
    const bound = await loadBounds();
    const { default: formats } = await import('ajv-formats');
    return ({ allErrors, verbose, bounds, onUndecided = () => {}, onWarning = () => {} }) => {
        const ajv = create({
            allErrors,
            verbose,
            strict: false,
            validateFormats: true,
            validateSchema: false,
            code: { regExp: patternEngine(onUndecided) },
            logger: { log: () => {}, error: () => {}, warn: (message: unknown) => onWarning(String(message)) },
        });
        formats.default(ajv);
        addSafeFormats(ajv, onUndecided);
        bound(ajv, bounds);
        return ajv;
    };
}
