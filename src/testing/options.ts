import { statSync } from 'node:fs';

import { InvalidOptionsError } from '../errors.js';
import { isRecord } from '../utils/is-record.js';
import { checkKeys, isText, type Checks } from './check-options.js';
import { findMistake } from './server/check-rule.js';
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
    /** The Actor's folder, which must be there: `.actor/` and paths are looked up there, and `run()` starts there. @default `process.cwd()` */
    cwd?: string | undefined;
    /**
     * Prices of pay-per-event events in US dollars, by name; the run is then paid per event.
     * @default none: the run is not paid per event
     */
    eventPricesUsd?: Readonly<Record<string, number>> | undefined;
    /** The user's limit for the run's charges, in US dollars. @default none */
    maxTotalChargeUsd?: number | undefined;
}

const CHECKS: Checks<keyof PlatformOptions> = {
    schema: {
        expected: 'a dataset schema, the JSON Schema of one item, the path of a file, or null',
        isValid: (value) => value === null || isText(value) || isRecord(value),
    },
    faults: { expected: 'a list of rules: [{ on: "push", fault: { status: 503 } }]', isValid: Array.isArray },
    input: { expected: 'a JSON value', isValid: isJson },
    cwd: { expected: 'the path of a folder', isValid: isFolder },
    eventPricesUsd: {
        expected: 'prices by event name: { "result": 0.001 }',
        isValid: (value) => isRecord(value) && Object.values(value).every(isPrice),
    },
    maxTotalChargeUsd: { expected: 'a number of US dollars, 0 or more', isValid: isPrice },
};

/** @throws InvalidOptionsError */
export function checkOptions(options: unknown): asserts options is PlatformOptions {
    checkKeys(options, CHECKS, 'options', '');
    const { faults = [] } = options as PlatformOptions;
    for (const [index, rule] of faults.entries()) {
        const mistake = findMistake(rule);
        if (mistake === undefined) continue;
        const option = `faults[${index}]${mistake.path}`;
        throw new InvalidOptionsError(option, `Option "${option}" ${mistake.problem}.`);
    }
}

function isJson(value: unknown): boolean {
    try {
        return JSON.stringify(value) !== undefined;
    } catch {
        return false;
    }
}

function isFolder(value: unknown): boolean {
    return isText(value) && (statSync(value as string, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

function isPrice(value: unknown): boolean {
    return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
