import { ReasonCounts } from '../quality/reasons.js';
import { identityOf } from '../quality/sample.js';
import type { QuarantineRecord } from '../records.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import { shortJson } from '../utils/short-json.js';
import { reasonsTable } from './reasons-table.js';
import { oneLine } from './terminal.js';

const MAX_PAIRS = 3;
const MAX_MEMBERS = 5;
const MAX_VALUE_LENGTH = 60;

/** The preview of a dry run: why the items are in quarantine, and how transform and repair would change the first three. */
export class RedrivePreview {
    readonly #reasons = new ReasonCounts({ samples: true });
    readonly #pairs: string[] = [];
    readonly #changers: string;

    /** `changers` says what changes the items: "The transform". */
    constructor(changers: string) {
        this.#changers = changers;
    }

    add(record: QuarantineRecord, before: unknown, after: unknown): void {
        this.#reasons.countRecord(record);
        if (this.#pairs.length >= MAX_PAIRS) return;
        const changes = changedMembers(before, after);
        if (changes.length === 0) return;
        const name = identityOf(before, undefined, removeGenericSecrets);
        this.#pairs.push([`    ${name ?? `item ${this.#reasons.rejectedItems}`}`, ...changes].map(oneLine).join('\n'));
    }

    describe(): string {
        const reasons = this.#reasons.list();
        if (reasons.length === 0) return '';
        const examples =
            this.#pairs.length === 0
                ? []
                : [`\n${this.#changers} would change, for example:\n${this.#pairs.join('\n')}`];
        return [`\nWhy they are in quarantine:\n${reasonsTable(reasons)}`, ...examples].join('\n');
    }
}

/** Top-level members that differ, before and after. */
function changedMembers(before: unknown, after: unknown): string[] {
    if (!isObject(before) || !isObject(after)) {
        return JSON.stringify(before) === JSON.stringify(after) ? [] : [`        ${shown(before)} → ${shown(after)}`];
    }
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    const lines = changed
        .slice(0, MAX_MEMBERS)
        .map((name) => `        ${name}: ${shown(before[name])} → ${shown(after[name])}`);
    return changed.length > MAX_MEMBERS ? [...lines, `        and ${changed.length - MAX_MEMBERS} more`] : lines;
}

function shown(value: unknown): string {
    return shortJson(value, MAX_VALUE_LENGTH) ?? 'nothing';
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
