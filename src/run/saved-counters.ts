import type { RunStore } from '../ports.js';
import type { Statistics } from '../report/statistics.js';

export interface SavedCountersParts {
    datasetId: string;
    /** Undefined on a laptop. */
    runId: string | undefined;
    store: RunStore;
    statistics: Statistics;
    /** Which of the process's open guards on the dataset counts here, from 1. */
    place: number;
}

/** The counters of a run, from one of its processes to the next. */
export class SavedCounters {
    readonly #parts: SavedCountersParts;

    constructor(parts: SavedCountersParts) {
        this.#parts = parts;
    }

    /** `isClosed`: the run's work is done, so that a new run on a laptop counts from nothing. */
    async save(isClosed: boolean): Promise<void> {
        const { store, runId, statistics } = this.#parts;
        const counters = JSON.stringify({ runId, isClosed, counters: statistics.save() });
        await store.save(this.#key, counters, 'application/json; charset=utf-8');
    }

    async restore(): Promise<void> {
        const { store, runId, statistics } = this.#parts;
        const saved = await store.read(this.#key);
        if (saved === '') return;
        const { runId: savedRunId, isClosed, counters } = JSON.parse(saved);
        if (savedRunId === runId && !(isClosed && runId === undefined)) statistics.restore(counters);
    }

    get #key(): string {
        const { datasetId, place } = this.#parts;
        return `DATASET-GUARD-COUNTERS-${datasetId}${place > 1 ? `-${place}` : ''}`;
    }
}
