/** Where items are stored: on the platform, there in a run that is paid per event and item, or in local files. */
export const PLACES = ['platform', 'charged', 'local'] as const;
export type Place = (typeof PLACES)[number];

/** One way to store items. This file tells what there is; `contenders/` does it. */
export interface ContenderFacts {
    readonly title: string;
    /**
     * What decides how many items it stores in a second: how fast they are made ready (`bulk`), answers to one call or to
     * 50 at a time (`single`, `fifty`), a crawler (`crawl`). `room` stops before the buffer is full. Or the number itself.
     */
    readonly pace:
        | 'bulk'
        | 'single'
        | 'fifty'
        | 'crawl'
        | 'room'
        | { readonly items: number; readonly warmUpItems: number };
    /** Without the guard, requests that are under way at once overtake each other; so do the pages of a crawler. */
    readonly keepsOrder: boolean;
    /** The contender that it is compared with. */
    readonly against: readonly string[];
    readonly places: readonly Place[];
}

const BARE = { keepsOrder: true, against: [], places: PLACES } as const;
const GUARD = { keepsOrder: true, places: PLACES } as const;
const ON_PLATFORM = ['platform'] as const;
/** So many that the code is compiled and the memory was touched: what a process pays once is no growth. */
const WARM_UP_ITEMS = 400_000;

export const CONTENDERS = {
    'bare-single': { ...BARE, title: 'Actor.pushData(item), one by one', pace: 'single' },
    'bare-fifty': { ...BARE, title: 'Actor.pushData(item), 50 at a time', pace: 'fifty', keepsOrder: false },
    'bare-array': { ...BARE, title: 'Actor.pushData(array)', pace: 'bulk' },
    'guard-loop': {
        ...GUARD,
        title: 'guard.pushData(item), one by one',
        pace: 'bulk',
        against: ['bare-single', 'bare-fifty', 'bare-array', 'floor'],
    },
    'guard-array': { ...GUARD, title: 'guard.pushData(array)', pace: 'bulk', against: ['bare-array', 'floor'] },
    'guard-stored-array': {
        ...GUARD,
        title: "guard.pushData(array), ack: 'stored'",
        pace: 'bulk',
        against: ['bare-array', 'floor'],
    },
    'guard-stored-fifty': {
        ...GUARD,
        title: "guard.pushData(item), ack: 'stored', 50 at a time",
        pace: 'fifty',
        against: ['bare-fifty'],
    },
    'guard-install-array': {
        ...GUARD,
        title: 'Actor.pushData(array) after guard.install()',
        pace: 'bulk',
        against: ['bare-array', 'floor'],
    },
    'guard-install-fifty': {
        ...GUARD,
        title: 'Actor.pushData(item), 50 at a time, after guard.install()',
        pace: 'fifty',
        against: ['bare-fifty'],
    },
    'bare-crawl': {
        ...BARE,
        title: 'BasicCrawler, 50 pages at a time, 10 items from each',
        pace: 'crawl',
        keepsOrder: false,
        places: ON_PLATFORM,
    },
    'guard-crawl': {
        ...GUARD,
        title: 'the same crawler with guard.handler()',
        pace: 'crawl',
        keepsOrder: false,
        against: ['bare-crawl'],
        places: ON_PLATFORM,
    },
    'guard-room': {
        ...GUARD,
        title: 'guard.pushData(item), one by one, while the buffer has room',
        pace: 'room',
        against: [],
        places: ON_PLATFORM,
    },
    'guard-turns': {
        ...GUARD,
        title: 'guard.pushData(item), one in each turn of the event loop, while the buffer has room',
        pace: 'room',
        against: [],
        places: ON_PLATFORM,
    },
    'guard-100k': {
        ...GUARD,
        title: 'guard.pushData(item), 100,000 items',
        pace: { items: 100_000, warmUpItems: WARM_UP_ITEMS },
        against: [],
        places: ON_PLATFORM,
    },
    'guard-1m': {
        ...GUARD,
        title: 'guard.pushData(item), 1,000,000 items',
        pace: { items: 1_000_000, warmUpItems: WARM_UP_ITEMS },
        against: ['guard-100k'],
        places: ON_PLATFORM,
    },
    'floor': {
        title: 'the hand-made floor',
        pace: 'bulk',
        keepsOrder: true,
        against: ['bare-array'],
        places: ON_PLATFORM,
    },
} as const satisfies Record<string, ContenderFacts>;

export type ContenderName = keyof typeof CONTENDERS;
export const CONTENDER_NAMES = Object.keys(CONTENDERS) as ContenderName[];

/** The contenders that show what a user gains. */
export const MAIN_CONTENDERS: readonly ContenderName[] = [
    'bare-single',
    'bare-fifty',
    'bare-array',
    'guard-loop',
    'guard-array',
    'floor',
];

/** Every way in and out, those that only show one property left out. */
export const ENTRY_POINTS: readonly ContenderName[] = CONTENDER_NAMES.filter(
    (name) => !['guard-room', 'guard-turns', 'guard-100k', 'guard-1m'].includes(name),
);
