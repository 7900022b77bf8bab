import type { DuplicateSummary } from '../../records.js';
import { copyText, shorten } from '../../utils/text.js';
import { keyInWords } from './item-key.js';

const MAX_SAMPLES = 5;
const MAX_LENGTH = 200;
/** The keys of later duplicates are not looked at: it would cost more than it tells. */
const SAMPLED_ITEMS = 1_000;

/** Counts duplicates, for the report. */
export class DuplicateCounts {
    readonly #isSampling: boolean;
    readonly #removeSecrets: (text: string) => string;
    #found = 0;
    #samples: string[] = [];

    constructor({ samples, removeSecrets = asItIs }: { samples: boolean; removeSecrets?: (text: string) => string }) {
        this.#isSampling = samples;
        this.#removeSecrets = removeSecrets;
    }

    /** `shownKey` returns the key of what may be shown of the item, or `undefined` where nothing may; it is asked for only while samples are wanted. */
    count(shownKey: () => string | undefined): void {
        this.#found++;
        if (!this.#isSampling || this.#samples.length >= MAX_SAMPLES || this.#found > SAMPLED_ITEMS) return;
        const key = shownKey();
        if (key === undefined) return;
        const sample = copyText(shorten(this.#removeSecrets(keyInWords(key)), MAX_LENGTH));
        if (!this.#samples.includes(sample)) this.#samples.push(sample);
    }

    summary(): DuplicateSummary {
        return Object.freeze({ found: this.#found, samples: Object.freeze([...this.#samples]) });
    }

    /** Counts on from what `summary` gave in one or several earlier processes. */
    restore({ found, samples }: DuplicateSummary): void {
        this.#found += found;
        this.#samples = [...new Set([...this.#samples, ...samples])].slice(0, MAX_SAMPLES);
    }
}

function asItIs(text: string): string {
    return text;
}
