import { RepairFunctions } from '../../pipeline/repair/repair-function.js';
import { repairItem } from '../../pipeline/repair/repair-item.js';
import type { Repair } from '../../pipeline/repair/repairs.js';
import type { RepairPolicy } from '../../pipeline/repair/options.js';
import type { RepairValidator } from '../../pipeline/repair/fault.js';
import { createRepairValidator } from '../../pipeline/repair/validator.js';
import type { ItemSchema } from '../../ports.js';
import type { Dictionary } from '../../records.js';
import type { ChangeKind } from './need.js';

/** A policy of the option `repair` that may mend items. */
export interface PolicyRepair {
    /** In words: what it does. */
    readonly name: string;
    /** The option to be written. */
    readonly code: string;
    readonly policy: RepairPolicy;
    /** Whether the value that was meant is stored; else something of the item is left out. */
    readonly keepsValue: boolean;
    /** Changes of the schema that it may stand in for. */
    readonly kinds: (kind: ChangeKind) => boolean;
}

const isAboutValue = (kind: ChangeKind) => !['make-optional', 'allow-properties', 'allow-anything'].includes(kind);

/** Of two that mend the same items the first is suggested: it leaves out less. */
export const POLICIES: readonly PolicyRepair[] = [
    {
        name: 'writing a value in the right type',
        code: 'repair: { coerce: true }',
        policy: { coerce: true },
        keepsValue: true,
        kinds: isAboutValue,
    },
    {
        name: 'removing what the schema forbids',
        code: "repair: { unknown: 'remove' }",
        policy: { unknown: 'remove' },
        keepsValue: false,
        kinds: (kind) => kind === 'allow-properties' || kind === 'allow-anything',
    },
    {
        name: 'filling in an empty value',
        code: "repair: { missing: 'empty' }",
        policy: { missing: 'empty' },
        keepsValue: false,
        kinds: (kind) => kind === 'make-optional',
    },
    {
        name: 'setting what fails to null',
        code: "repair: { invalid: 'null' }",
        policy: { invalid: 'null' },
        keepsValue: false,
        kinds: isAboutValue,
    },
    {
        name: 'removing what fails',
        code: "repair: { invalid: 'remove' }",
        policy: { invalid: 'remove' },
        keepsValue: false,
        kinds: isAboutValue,
    },
    {
        name: 'removing what fails, or emptying it where it is required',
        code: "repair: { invalid: 'remove', missing: 'empty' }",
        policy: { invalid: 'remove', missing: 'empty' },
        keepsValue: false,
        kinds: isAboutValue,
    },
];

const NO_FUNCTIONS = new RepairFunctions(() => undefined);

/** Tries the policies on items that fail, as a guard would apply them. */
export class PolicyTrial {
    readonly #schema: ItemSchema;
    readonly #validator: RepairValidator | undefined;

    private constructor(schema: ItemSchema, validator: RepairValidator | undefined) {
        this.#schema = schema;
        this.#validator = validator;
    }

    static async open(root: Dictionary, schema: ItemSchema): Promise<PolicyTrial> {
        // A guard repairs nothing either where the schema does not compile for repairs.
        return new PolicyTrial(schema, await createRepairValidator(root).catch(() => undefined));
    }

    /** The policies that mend the item, with what each changes. */
    mending(item: unknown, kinds: readonly ChangeKind[]): { repair: PolicyRepair; repairs: readonly Repair[] }[] {
        const validator = this.#validator;
        if (validator === undefined) return [];
        return POLICIES.filter((policy) => kinds.some((kind) => policy.kinds(kind))).flatMap((repair) => {
            const result = repairItem(item, validator, [repair.policy], NO_FUNCTIONS);
            if (!result.isRepaired || this.#schema.validate(result.item) !== undefined) return [];
            return { repair, repairs: result.repairs };
        });
    }
}
