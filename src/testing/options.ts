import { failOption, InvalidOptionsError } from '../errors.js';
import { isObject } from '../schema/place.js';
import type { FaultRule } from './server/faults.js';

/** Options of `startPlatform()`. Unknown keys are an `InvalidOptionsError`. */
export interface PlatformOptions {
    /**
     * The schema that the run's default dataset enforces: a dataset schema (`{ actorSpecification, fields }`), the JSON Schema of one item,
     * the path of a file with either, or `null` for nothing.
     * @default what `.actor/actor.json` in `cwd` declares, for all its datasets; nothing where there is none
     */
    schema?: object | string | null | undefined;
    /** Faults, in this order. More can be added later: `platform.faults.next(…)`. @default none */
    faults?: readonly FaultRule[] | undefined;
    /** The run's input, any JSON value. @default none */
    input?: unknown;
    /** The Actor's folder: `.actor/` and paths are looked up there, and `run()` starts there. @default `process.cwd()` */
    cwd?: string | undefined;
    /**
     * Prices of pay-per-event events in US dollars, by name; the run is then paid per event.
     * @default none: the run is not paid per event
     */
    eventPricesUsd?: Readonly<Record<string, number>> | undefined;
    /** The user's limit for the run's charges, in US dollars. @default none */
    maxTotalChargeUsd?: number | undefined;
}

// Each check gets what a caller in plain JavaScript may have passed.
const CHECKS: Record<keyof PlatformOptions, { expected: string; isValid: (value: any) => boolean }> = {
    schema: {
        expected: 'a dataset schema, the JSON Schema of one item, the path of a file, or null',
        isValid: (value) => value === null || typeof value === 'string' || isObject(value),
    },
    faults: { expected: 'a list of rules: [{ on: "push", fault: { status: 503 } }]', isValid: isListOfRules },
    input: { expected: 'a JSON value', isValid: (value) => JSON.stringify(value) !== undefined },
    cwd: { expected: 'the path of a folder', isValid: (value) => typeof value === 'string' && value !== '' },
    eventPricesUsd: {
        expected: 'prices by event name: { "result": 0.001 }',
        isValid: (value) => isObject(value) && Object.values(value).every(isPrice),
    },
    maxTotalChargeUsd: { expected: 'a number of US dollars, 0 or more', isValid: isPrice },
};

/** @throws InvalidOptionsError */
export function checkOptions(options: unknown): asserts options is PlatformOptions {
    if (!isObject(options)) failOption('options', 'an object', options);
    for (const [name, value] of Object.entries(options)) {
        const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof PlatformOptions] : undefined;
        if (check === undefined) {
            const names = Object.keys(CHECKS).join(', ');
            throw new InvalidOptionsError(name, `Unknown option "${name}". Expected one of: ${names}.`);
        }
        if (value !== undefined && !check.isValid(value)) failOption(name, check.expected, value);
    }
}

function isListOfRules(value: unknown): boolean {
    return Array.isArray(value) && value.every((rule) => isObject(rule) && isObject(rule.fault));
}

function isPrice(value: unknown): boolean {
    return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
