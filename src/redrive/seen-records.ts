/** Bounds memory to about 10 MB. A repeat comes soon after its record: when a request or a process is tried again. */
const MAX_IDS = 100_000;

/** Finds quarantine records that were written more than once, by their `id`, among the last 100,000. */
export class SeenRecords {
    /** In the order in which the records were read. */
    readonly #positions = new Map<string, number>();

    /** Notes a record. Returns the position of an earlier one with the same id. */
    note(record: unknown, position: number): number | undefined {
        const id: unknown = (record as { id?: unknown } | null | undefined)?.id;
        // Version 1 wrote none.
        if (typeof id !== 'string') return undefined;
        const first = this.#positions.get(id);
        if (first !== undefined) return first;
        this.#positions.set(id, position);
        if (this.#positions.size > MAX_IDS) {
            const [oldest] = this.#positions.keys();
            this.#positions.delete(oldest!);
        }
        return undefined;
    }
}
