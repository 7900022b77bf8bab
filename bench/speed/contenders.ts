/** Where items are stored: on the platform, there in a run that is paid per event and item, or in files on a laptop. */
export const PLACES = ['platform', 'charged', 'local'] as const;
export type Place = (typeof PLACES)[number];

/**
 * How fast a contender is, by what it waits for: `bulk` as fast as items can be made ready, `fifty` where 50 calls wait for an
 * answer at once, `single` where each waits for its own.
 */
export type Pace = 'bulk' | 'fifty' | 'single';

/** One way to store items. This file tells what there is; `contenders/` does it. */
export interface ContenderFacts {
    readonly title: string;
    readonly pace: Pace;
    /** Without the guard, requests that are under way at once overtake each other. */
    readonly keepsOrder: boolean;
    /** What it is compared with. */
    readonly against: readonly string[];
    readonly places: readonly Place[];
}

const BARE_TITLE = 'Actor.pushData';
const EVERYWHERE = PLACES;

export const CONTENDERS = {
    'bare-single': bare(`${BARE_TITLE}(item), one by one`, 'single', true),
    'bare-fifty': bare(`${BARE_TITLE}(item), 50 at a time`, 'fifty', false),
    'bare-array': bare(`${BARE_TITLE}(array)`, 'bulk', true),
    'guard-loop': guard('guard.pushData(item), one by one', 'bulk', [
        'bare-single',
        'bare-fifty',
        'bare-array',
        'floor',
    ]),
    'guard-array': guard('guard.pushData(array)', 'bulk', ['bare-array', 'floor']),
    'guard-stored-array': guard("guard.pushData(array), ack: 'stored'", 'bulk', ['bare-array', 'floor']),
    'guard-stored-fifty': guard("guard.pushData(item), ack: 'stored', 50 at a time", 'fifty', ['bare-fifty']),
    'guard-install-array': guard(`guard.install(), ${BARE_TITLE}(array)`, 'bulk', ['bare-array', 'floor']),
    'guard-install-fifty': guard(`guard.install(), ${BARE_TITLE}(item), 50 at a time`, 'fifty', ['bare-fifty']),
    'floor': {
        title: 'the hand-made floor',
        pace: 'bulk',
        keepsOrder: true,
        against: ['bare-array'],
        places: ['platform'],
    },
} as const satisfies Record<string, ContenderFacts>;

export type ContenderName = keyof typeof CONTENDERS;
export const CONTENDER_NAMES = Object.keys(CONTENDERS) as ContenderName[];

/** Those that a short run measures. */
export const MAIN_CONTENDERS: readonly ContenderName[] = [
    'bare-single',
    'bare-fifty',
    'bare-array',
    'guard-loop',
    'guard-array',
    'floor',
];

function bare(title: string, pace: Pace, keepsOrder: boolean) {
    return { title, pace, keepsOrder, against: [], places: EVERYWHERE } satisfies ContenderFacts;
}

function guard(title: string, pace: Pace, against: readonly string[]) {
    return { title, pace, keepsOrder: true, against, places: EVERYWHERE } satisfies ContenderFacts;
}
