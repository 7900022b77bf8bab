import { InvalidArgumentError, Option } from 'commander';

import { InvalidOptionsError } from '../errors.js';
import type { RepairOption } from '../pipeline/repair/options.js';
import { resolveRepair } from '../pipeline/repair/options.js';

/** `--repair prune`, or JSON of a policy or of a list of them: what the option `repair` of a guard takes, functions apart. */
export function repairOption(purpose: string): Option {
    const values = `prune, JSON of a policy such as '{"coerce": true, "invalid": "null"}', or of a list of these`;
    return new Option('--repair <policy>', `${purpose}: ${values}`).argParser(parseRepair);
}

function parseRepair(text: string): RepairOption {
    const value = text.trim() === 'prune' ? 'prune' : parseJson(text);
    try {
        resolveRepair(value);
    } catch (error) {
        if (error instanceof InvalidOptionsError) throw new InvalidArgumentError(error.message);
        throw error;
    }
    return value as RepairOption;
}

function parseJson(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        throw new InvalidArgumentError(
            `Expected prune, or JSON such as '{"coerce": true}' in quotes that your shell leaves as they are.`,
        );
    }
}
