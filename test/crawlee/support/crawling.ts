import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { RequestQueue } from '@crawlee/basic';
import { afterAll, afterEach, beforeAll } from 'vitest';

import { DatasetGuard } from '../../../src/index.js';
import type { DatasetGuardOptions, QuarantineRecord } from '../../../src/index.js';
import type { InternalOptions } from '../../../src/ports.js';
import { startLocalRun } from '../../support/local-run.js';
import type { PlatformRun } from '../../support/platform-run.js';
import { startPlatformRun } from '../../support/platform-run.js';
import type { Site } from './site.js';
import { startSite } from './site.js';

/** Items with a number, which must be one. */
export const FIELDS = {
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'number' } },
};

/** A run of an Actor that crawls a site: the same for tests on the platform and locally. */
export interface Stage {
    site: Site;
    /** The run's server; undefined for a local run. */
    platform?: PlatformRun;
    /** A fresh default dataset that enforces `FIELDS` unless told otherwise. Returns how tests know it. */
    freshDataset(fields?: Record<string, any> | null): Promise<string>;
    /** Locally internal options change nothing. */
    open(options?: DatasetGuardOptions<any>, internal?: Partial<InternalOptions>): Promise<DatasetGuard<any>>;
    items(dataset: string): Promise<any[]>;
    quarantined(dataset: string): Promise<QuarantineRecord[]>;
}

/** The support server's listings do not lag: nobody has to wait ten seconds for them. */
const INTERNAL: Partial<InternalOptions> = { listingLagMillis: 50 };
const openGuard = DatasetGuard.open as (
    options?: object,
    internal?: Partial<InternalOptions>,
) => Promise<DatasetGuard<any>>;

/** A site, and a run on the platform, for the tests of one file. */
export function stageOnPlatform(): Stage & { platform: PlatformRun } {
    const stage = {} as Stage & { platform: PlatformRun };
    const guards: DatasetGuard<any>[] = [];
    beforeAll(async () => {
        const platform = await startPlatformRun();
        Object.assign(stage, {
            site: await startSite(),
            platform,
            freshDataset: async (fields: Record<string, any> | null = FIELDS) => platform.freshDataset(fields),
            open: async (options?: DatasetGuardOptions<any>, internal?: Partial<InternalOptions>) => {
                const guard = await openGuard(options, { ...INTERNAL, ...internal });
                guards.push(guard);
                return guard;
            },
            items: async (dataset: string) => platform.server.items(dataset),
            quarantined: async (dataset: string) => platform.quarantined(dataset),
        } satisfies Stage);
    });
    afterEach(async () => {
        stage.platform.server.faults.clear();
        await Promise.allSettled(guards.map(async (guard) => guard.close()));
        for (const guard of guards.splice(0)) guard.uninstall();
        await stage.platform.reset();
    });
    afterAll(async () => {
        stage.site.close();
        await stage.platform.stop();
    });
    return stage;
}

/** A site, and a local run, for the tests of one file. */
export function stageLocally(): Stage {
    const stage = {} as Stage & { reset(): Promise<void>; stop(): Promise<void> };
    beforeAll(async () => {
        const { fresh, open, items, reset, stop } = await startLocalRun();
        Object.assign(stage, {
            site: await startSite(),
            freshDataset: async (fields: Record<string, any> | null = FIELDS) => {
                const name = `crawl-${randomUUID().slice(0, 8)}`;
                return fresh({
                    '.actor/actor.json': { actorSpecification: 1, name, storages: { dataset: './dataset.json' } },
                    '.actor/dataset.json': { actorSpecification: 1, fields: fields ?? {}, views: {} },
                });
            },
            open,
            items,
            quarantined: async () => {
                const { name } = JSON.parse(await readFile('.actor/actor.json', 'utf8'));
                return items(`${name}-quarantine`);
            },
            reset,
            stop,
        });
    });
    afterEach(async () => stage.reset());
    afterAll(async () => {
        stage.site.close();
        await stage.stop();
    });
    return stage;
}

/** Options of a crawler that is quick, says nothing, and shares nothing with the crawlers of other tests. */
export async function crawlerOptions(concurrency = 1) {
    return {
        requestQueue: await RequestQueue.open(`queue-${randomUUID()}`),
        maxRequestRetries: 2,
        useSessionPool: false,
        minConcurrency: concurrency,
        maxConcurrency: concurrency,
        autoscaledPoolOptions: { maybeRunIntervalSecs: 0.02, loggingIntervalSecs: null },
        statisticsOptions: { saveErrorSnapshots: false },
        statusMessageLoggingInterval: 3_600,
    };
}

/** Without sessions, the crawlers that fetch by HTTP keep no cookies. */
export async function httpCrawlerOptions(concurrency?: number) {
    return { ...(await crawlerOptions(concurrency)), persistCookiesPerSession: false };
}

/** Runs a crawler on these pages. */
export async function crawl(
    crawler: { run(requests?: { url: string; uniqueKey: string; userData: object }[]): Promise<unknown> },
    urls: readonly string[],
) {
    return crawler.run(urls.map((url) => ({ url, uniqueKey: randomUUID(), userData: { secret: 'of the request' } })));
}

/** The number that a page of the site has for its path. */
export const pageNumber = (url: string) => Number(new URL(url).pathname.slice(1));

/** Handlers that all begin before the first of them pushes, as pages that load in parallel do. */
export function together(count: number): () => Promise<void> {
    let arrived = 0;
    let open: () => void;
    const gate = new Promise<void>((resolve) => {
        open = resolve;
    });
    return async () => {
        if (++arrived === count) open();
        await gate;
    };
}

export const numbers = (items: readonly any[]): unknown[] => items.map(({ n }) => n);
export const sortedNumbers = (items: readonly any[]): number[] => items.map(({ n }) => Number(n)).sort((a, b) => a - b);

export async function sleep(millis: number): Promise<void> {
    return new Promise((resolve) => {
        setTimeout(resolve, millis);
    });
}
