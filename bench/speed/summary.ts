import { CONTENDERS, type ContenderName } from './contenders.js';
import { groupBy } from './group-by.js';
import type { Sample } from './measurement.js';

/** One contender in one setting: medians of its samples. */
export interface Summary extends Figures {
    readonly place: Sample['place'];
    readonly shape: Sample['shape'];
    readonly latencyMillis: number;
    readonly contender: ContenderName;
    readonly samples: number;
    readonly items: number;
}

export interface Figures {
    readonly itemsPerSecond: number;
    readonly cpuMillisPer1000Items: number;
    readonly requestsPer1000Items: number;
    readonly wireBytesPerItem: number;
    readonly jsonBytesPerItem: number;
    readonly peakRssGrowthBytes: number;
    readonly longestDelayMillis: number;
    readonly pushP50Millis: number;
    readonly pushP99Millis: number;
}

/** One contender against another in the same setting, how many times as much. */
export interface Comparison {
    readonly place: Sample['place'];
    readonly shape: Sample['shape'];
    readonly latencyMillis: number;
    readonly contender: ContenderName;
    readonly against: ContenderName;
    /** Medians of the ratios of samples of the same round. */
    readonly pairs: Ratios;
    /** Ratios of the best samples of both: the least time, the least CPU. */
    readonly best: Ratios;
}

export interface Ratios {
    readonly itemsPerSecond: number;
    readonly cpu: number;
    readonly requests: number;
    readonly peakRssGrowth: number;
}

export function summarize(samples: readonly Sample[]): Summary[] {
    return [...groupBy(samples, (sample) => `${setting(sample)} ${sample.contender}`).values()].map((group) => {
        const { place, shape, latencyMillis, contender, items } = group[0]!;
        const all = group.map(figures);
        const names = Object.keys(all[0]!) as (keyof Figures)[];
        const medians = Object.fromEntries(names.map((name) => [name, median(all.map((one) => one[name]))]));
        return {
            place,
            shape,
            latencyMillis,
            contender,
            samples: group.length,
            items,
            ...(medians as Record<keyof Figures, number>),
        };
    });
}

export function compare(samples: readonly Sample[]): Comparison[] {
    return [...groupBy(samples, setting).values()].flatMap((group) => {
        const byContender = groupBy(group, ({ contender }) => contender);
        return [...byContender.keys()].flatMap((contender) =>
            (CONTENDERS[contender].against as readonly ContenderName[])
                .filter((against) => byContender.has(against))
                .map((against) => comparison(byContender.get(contender)!, byContender.get(against)!)),
        );
    });
}

export function figures(sample: Sample): Figures {
    const { items, warmUpItems, millis, cpuMillis, requests, wireBytes, jsonBytes } = sample;
    // The platform has received those as well.
    const receivedItems = warmUpItems + items;
    const { longestDelayMillis, pushP50Millis, pushP99Millis, startRssBytes, peakRssBytes } = sample;
    return {
        itemsPerSecond: (items / millis) * 1_000,
        cpuMillisPer1000Items: (cpuMillis / items) * 1_000,
        requestsPer1000Items: (requests / receivedItems) * 1_000,
        wireBytesPerItem: wireBytes / receivedItems,
        jsonBytesPerItem: jsonBytes / receivedItems,
        peakRssGrowthBytes: Math.max(0, peakRssBytes - startRssBytes),
        longestDelayMillis,
        pushP50Millis,
        pushP99Millis,
    };
}

export function median(values: readonly number[]): number {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function comparison(ours: readonly Sample[], theirs: readonly Sample[]): Comparison {
    const { place, shape, latencyMillis, contender } = ours[0]!;
    const pairs = ours.flatMap((sample) => {
        const other = theirs.find(({ round }) => round === sample.round);
        return other ? [ratios(figures(sample), figures(other))] : [];
    });
    const names = Object.keys(pairs[0]!) as (keyof Ratios)[];
    return {
        place,
        shape,
        latencyMillis,
        contender,
        against: theirs[0]!.contender,
        pairs: Object.fromEntries(names.map((name) => [name, median(pairs.map((one) => one[name]))])) as never,
        best: ratios(best(ours), best(theirs)),
    };
}

function ratios(ours: Figures, theirs: Figures): Ratios {
    return {
        itemsPerSecond: ours.itemsPerSecond / theirs.itemsPerSecond,
        cpu: ours.cpuMillisPer1000Items / theirs.cpuMillisPer1000Items,
        requests: ours.requestsPer1000Items / theirs.requestsPer1000Items,
        peakRssGrowth: ours.peakRssGrowthBytes / theirs.peakRssGrowthBytes,
    };
}

/** The best that was seen of each figure. */
function best(samples: readonly Sample[]): Figures {
    const all = samples.map(figures);
    const names = Object.keys(all[0]!) as (keyof Figures)[];
    const least = Object.fromEntries(names.map((name) => [name, Math.min(...all.map((one) => one[name]))]));
    const itemsPerSecond = Math.max(...all.map((one) => one.itemsPerSecond));
    return { ...(least as Record<keyof Figures, number>), itemsPerSecond };
}

function setting({ place, shape, latencyMillis }: Sample): string {
    return `${place} ${shape} ${latencyMillis}`;
}
