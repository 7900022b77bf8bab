import type { ItemSchema, Log } from '../ports.js';
import type { DiscoveredSchema, SchemaRequest, SchemaSources } from './discover.js';
import { discoverSchema } from './discover.js';

export interface SchemaKeeperParts {
    sources: SchemaSources;
    log: Log;
    now: () => number;
}

/** A dataset that rejects much is not asked for its schema more often than this. */
const MIN_REFRESH_MILLIS = 10_000;

/** Knows the schema that items are validated with here, and asks again when the platform seems to have another. */
export class SchemaKeeper {
    readonly #request: SchemaRequest;
    readonly #parts: SchemaKeeperParts;
    #found: DiscoveredSchema | undefined;
    #used: DiscoveredSchema = { reason: 'none was looked for yet' };
    #askedAt = -Infinity;
    #saidThatItDiffers = false;

    constructor(request: SchemaRequest, parts: SchemaKeeperParts) {
        this.#request = request;
        this.#parts = parts;
    }

    /** @throws SchemaLoadError where there is one that cannot work */
    async find(): Promise<ItemSchema | undefined> {
        const { sources, log } = this.#parts;
        this.#found = await discoverSchema(this.#request, sources, log);
        this.#used = this.#found;
        return this.#found.schema;
    }

    /** The platform's schema, if it is another than the one found before. With `schema: false` it is not asked. */
    async refresh(): Promise<ItemSchema | undefined> {
        const { sources, log, now } = this.#parts;
        const { option, target } = this.#request;
        if (option === false || now() - this.#askedAt < MIN_REFRESH_MILLIS) return undefined;
        this.#askedAt = now();
        const before = this.#found?.schema;
        this.#found = await discoverSchema({ option: undefined, target, previous: this.#found }, sources, log);
        const { schema } = this.#found;
        if (schema === undefined || schema.hash === before?.hash) return undefined;
        if (!this.#saidThatItDiffers) {
            const local = before === undefined ? 'none was known here' : `that of ${before.source} was used here`;
            log.warning(
                `The platform enforces another schema (${local}). Items are validated with the platform's from now on.`,
            );
        }
        this.#saidThatItDiffers = true;
        this.#used = this.#found;
        return schema;
    }

    /** The schema that items are validated with now, or why with none. */
    get used(): DiscoveredSchema {
        return this.#used;
    }
}
