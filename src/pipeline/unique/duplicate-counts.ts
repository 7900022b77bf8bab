import { keyInWords } from './item-key.js';

/** Part of the report. */
export interface DuplicatesSummary {
    /** Items that came after another one with their key, whether they were dropped, quarantined or stored. */
    readonly found: number;
    /** The first different keys of such items, at most 200 characters each. */
    readonly samples: readonly string[];
}

const MAX_SAMPLES = 5;
const MAX_LENGTH = 200;

/** Counts duplicates, for the report. */
export class DuplicateCounts {
    readonly #isSampling: boolean;
    #found = 0;
    #samples: string[] = [];

    constructor({ samples }: { samples: boolean }) {
        this.#isSampling = samples;
    }

    /** `shownKey` is the key of what may be shown of the item; left out where nothing may. */
    count(shownKey: string | undefined): void {
        this.#found++;
        if (!this.#isSampling || shownKey === undefined || this.#samples.length >= MAX_SAMPLES) return;
        const sample = shorten(keyInWords(shownKey));
        if (!this.#samples.includes(sample)) this.#samples.push(sample);
    }

    summary(): DuplicatesSummary {
        return Object.freeze({ found: this.#found, samples: Object.freeze([...this.#samples]) });
    }

    /** Counts on from what `summary` gave in an earlier process. */
    restore({ found, samples }: DuplicatesSummary): void {
        this.#found = found;
        this.#samples = [...samples];
    }
}

function shorten(text: string): string {
    if (text.length <= MAX_LENGTH) return text;
    return `${text.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
