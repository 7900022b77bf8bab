import { InvalidOptionsError, failOption } from '../../errors.js';
import type { Dictionary, ItemError, NotAPromise } from '../../records.js';

/** The repairs that are allowed before an item is quarantined. A fault that no rule names is not touched. */
export interface RepairPolicy {
    /** Properties that the schema forbids are removed. */
    unknown?: 'remove' | undefined;
    /** A value that fails is removed where it is optional; `'null'`: becomes null where that is allowed, else is removed. */
    invalid?: 'remove' | 'null' | undefined;
    /** A required property that is missing becomes null, `''`, `[]` or `{}`, whichever the schema allows first. */
    missing?: 'empty' | undefined;
    /** A value of the wrong type is written in the right one where nothing is lost. */
    coerce?: boolean | undefined;
}

/** Returns the repaired item, or `undefined` for no change. It gets a copy, and must not return a promise. */
export type RepairFunction<Item extends object = Dictionary> = (
    item: Item,
    errors: readonly ItemError[],
) => (Item & NotAPromise) | undefined;

/** One step of the option `repair`: `'prune'`, a policy or a function. */
export type RepairStepOption<Item extends object = Dictionary> = 'prune' | RepairPolicy | RepairFunction<Item>;

/** Option `repair`. A list is applied one after another, until the item is valid. */
export type RepairOption<Item extends object = Dictionary> = RepairStepOption<Item> | readonly RepairStepOption<Item>[];

export type ResolvedPolicy = Readonly<RepairPolicy>;
export type RepairStep = ResolvedPolicy | RepairFunction;

const PRUNE: ResolvedPolicy = Object.freeze({ unknown: 'remove', invalid: 'remove', missing: 'empty' });

const POLICY_VALUES: Readonly<Record<keyof RepairPolicy, readonly unknown[]>> = {
    unknown: ['remove'],
    invalid: ['remove', 'null'],
    missing: ['empty'],
    coerce: [true, false],
};

const EXPECTED =
    "'prune', a policy such as { unknown: 'remove', invalid: 'null', missing: 'empty', coerce: true }, " +
    'a function (item, errors) => item | undefined, or a list of these';

/** Checks the option `repair`; `undefined` where nothing is to be repaired. @throws InvalidOptionsError */
export function resolveRepair(value: unknown): readonly RepairStep[] | undefined {
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return Object.freeze([step(value, 'repair')]);
    if (value.length === 0) failOption('repair', EXPECTED, value);
    return Object.freeze(value.map((entry: unknown, index) => step(entry, `repair[${index}]`)));
}

function step(value: unknown, option: string): RepairStep {
    if (value === 'prune') return PRUNE;
    if (typeof value === 'function') return value as RepairFunction;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) failOption(option, EXPECTED, value);
    return policy(value as Dictionary, option);
}

function policy(value: Dictionary, option: string): ResolvedPolicy {
    const keys = Object.keys(value);
    if (keys.length === 0) failOption(option, EXPECTED, value);
    for (const key of keys) {
        const name = `${option}.${key}`;
        if (!Object.hasOwn(POLICY_VALUES, key)) {
            const names = Object.keys(POLICY_VALUES).sort().join(', ');
            throw new InvalidOptionsError(name, `Unknown option "${name}". Expected one of: ${names}.`);
        }
        const allowed = POLICY_VALUES[key as keyof RepairPolicy];
        if (value[key] !== undefined && !allowed.includes(value[key])) {
            failOption(
                name,
                allowed.map((entry) => (typeof entry === 'string' ? `'${entry}'` : entry)).join(' or '),
                value[key],
            );
        }
    }
    return Object.freeze({ ...value });
}
