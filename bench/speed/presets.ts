import { CONTENDER_NAMES, type ContenderName, ENTRY_POINTS, MAIN_CONTENDERS, type Place } from './contenders.js';
import { SHAPE_NAMES, type ShapeName } from './shapes.js';

/** Contenders that are measured beside each other in each of these settings. */
export interface Plan {
    readonly contenders: readonly ContenderName[];
    readonly shapes: readonly ShapeName[];
    readonly places: readonly Place[];
    readonly latencies: readonly number[];
}

export interface Preset {
    readonly plans: readonly Plan[];
    /** Samples of each contender. */
    readonly pairs: number;
    /** How long the fastest contender takes for a sample, about. */
    readonly seconds: number;
}

const REAL_AND_MEDIUM = ['medium', 'flights', 'mdn'] as const;
const PLATFORM = ['platform'] as const;
const LATENCIES = [0, 20, 60];
const GROWTH = {
    contenders: ['guard-100k', 'guard-1m'],
    shapes: ['small'],
    places: PLATFORM,
    latencies: [20],
} as const;
const ROOM = {
    contenders: ['guard-room', 'guard-turns'],
    shapes: SHAPE_NAMES,
    places: PLATFORM,
    latencies: [60],
} as const;
const PROMISED: readonly ContenderName[] = ['bare-array', 'guard-loop', 'guard-array', 'floor'];
const FIFTIES: readonly ContenderName[] = ['bare-fifty', 'guard-stored-fifty', 'guard-install-fifty'];

/** The presets with which the options begin. */
export const PRESETS = {
    standard: preset(2, 0.5, {
        contenders: MAIN_CONTENDERS,
        shapes: REAL_AND_MEDIUM,
        places: PLATFORM,
        latencies: LATENCIES,
    }),
    quick: preset(1, 0.5, {
        contenders: MAIN_CONTENDERS,
        shapes: REAL_AND_MEDIUM,
        places: PLATFORM,
        latencies: [20],
    }),
    full: preset(
        8,
        1.5,
        { contenders: ENTRY_POINTS, shapes: SHAPE_NAMES, places: PLATFORM, latencies: LATENCIES },
        { contenders: CONTENDER_NAMES, shapes: ['small', 'medium', 'large'], places: ['charged'], latencies: [20] },
        { contenders: CONTENDER_NAMES, shapes: ['medium'], places: ['local'], latencies: [0] },
        ROOM,
        GROWTH,
    ),
    check: preset(
        8,
        1.5,
        { contenders: ['bare-fifty', ...PROMISED], shapes: ['small'], places: PLATFORM, latencies: [20] },
        {
            contenders: PROMISED,
            shapes: SHAPE_NAMES.filter((name) => name !== 'small'),
            places: PLATFORM,
            latencies: [20],
        },
        { contenders: FIFTIES, shapes: ['small', 'large'], places: PLATFORM, latencies: [60] },
        {
            contenders: ['bare-fifty', 'bare-array', 'guard-array', 'guard-stored-fifty'],
            shapes: ['medium'],
            places: ['charged'],
            latencies: [20],
        },
        { contenders: ENTRY_POINTS, shapes: ['medium'], places: ['local'], latencies: [0] },
        ROOM,
        GROWTH,
    ),
    growth: preset(8, 1, GROWTH),
} as const satisfies Record<string, Preset>;

function preset(pairs: number, seconds: number, ...plans: readonly Plan[]): Preset {
    return { plans, pairs, seconds };
}
