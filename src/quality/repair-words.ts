import type { RepairSummary } from './guard-report.js';

const ACTIONS: Readonly<Record<RepairSummary['action'], string>> = {
    removed: 'removed',
    nulled: 'set to null',
    filled: 'filled with an empty value',
    coerced: 'written in the right type',
    custom: 'changed by your function',
};

/** To be read after the name of a field and "was". */
export function describeRepair(action: RepairSummary['action']): string {
    return ACTIONS[action];
}
