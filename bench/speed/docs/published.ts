import type { Results } from '../results.js';

/** The part of a run that the documentation keeps: all but the single samples. */
export type Published = Omit<Results, 'samples'>;

/** Fewer samples of each contender are good for a look, not for a figure that others quote. */
export const MIN_PUBLISHED_PAIRS = 8;

export function toPublished({ samples: _, ...published }: Results): Published {
    return published;
}

export function isProvisional({ options }: Published): boolean {
    return options.pairs < MIN_PUBLISHED_PAIRS;
}
