import { type Call } from './exchange.js';

/** A request to store items, whatever came of it. */
export interface PushEntry {
    readonly datasetId: string;
    /** Decompressed. */
    readonly byteLength: number;
    readonly wireBytes: number;
    readonly contentEncoding: string;
    /** Absent when the server does not keep bodies. */
    readonly bodyText?: string;
    /** 0 for a body that is not JSON. */
    readonly itemCount: number;
    readonly isArray: boolean;
    /** When it had arrived, in milliseconds since the epoch. */
    readonly at: number;
    /** Whether its items are in the dataset, whatever the answer was. */
    stored: boolean;
    /** Status of the answer; 0 when the connection was cut or nothing was answered (yet). */
    status: number;
}

/** The log of all pushes. Keeps the parsed body while the request lives, so that it is parsed once. */
export class PushLog {
    readonly entries: PushEntry[] = [];
    readonly #parsed = new WeakMap<Call, { entry: PushEntry; value: unknown }>();

    constructor(private readonly keepBodies: boolean) {}

    open(call: Call, datasetId: string): PushEntry {
        const value = parsed(call);
        const isArray = Array.isArray(value);
        const entry: PushEntry = {
            datasetId,
            byteLength: call.body.length,
            wireBytes: call.wireBytes,
            contentEncoding: call.contentEncoding,
            bodyText: this.keepBodies ? call.text() : undefined,
            itemCount: isArray ? value.length : value === undefined ? 0 : 1,
            isArray,
            at: call.at,
            stored: false,
            status: 0,
        };
        this.entries.push(entry);
        this.#parsed.set(call, { entry, value });
        return entry;
    }

    /** The parsed body of an opened request, `undefined` when it is not JSON. */
    body(call: Call): unknown {
        return this.#parsed.get(call)?.value;
    }

    markStored(call: Call): void {
        const logged = this.#parsed.get(call);
        if (logged) logged.entry.stored = true;
    }
}

function parsed(call: Call): unknown {
    try {
        return JSON.parse(call.text());
    } catch {
        return undefined;
    }
}
