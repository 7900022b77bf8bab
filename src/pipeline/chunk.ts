import type { OpenPayload, Payload, PayloadFactory } from '../ports.js';

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const BRACKETS_BYTES = 2;
/** UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;

/** Buffers kept for the next payloads. One is filled while another is sent; more would be memory held for nothing. */
const MAX_IDLE_BUFFERS = 2;

/** Makes payloads of at most `maxPayloadBytes`, brackets and commas included, and uses their memory again. */
export class PayloadPool implements PayloadFactory {
    #maxPayloadBytes: number;
    readonly #idle: Buffer[] = [];

    constructor(maxPayloadBytes: number) {
        this.#maxPayloadBytes = maxPayloadBytes;
    }

    get maxPayloadBytes(): number {
        return this.#maxPayloadBytes;
    }

    /** Makes the payloads opened from now on no larger than this. */
    lowerLimit(maxPayloadBytes: number): void {
        if (maxPayloadBytes >= this.#maxPayloadBytes) return;
        this.#maxPayloadBytes = maxPayloadBytes;
        this.#idle.length = 0;
    }

    open(itemText: string): OpenPayload {
        const payload = new PayloadWriter(this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#maxPayloadBytes));
        if (payload.tryAppend(itemText)) return payload;
        this.close(payload);
        return PayloadWriter.ofOne(itemText);
    }

    close(payload: Payload): void {
        if (!(payload instanceof PayloadWriter)) return;
        const buffer = payload.release();
        // One that was made to measure, or under an earlier limit, is of no use.
        if (buffer.length === this.#maxPayloadBytes && this.#idle.length < MAX_IDLE_BUFFERS) this.#idle.push(buffer);
    }
}

/**
 * A payload that is being filled. Each item's JSON is written once, as UTF-8, into the buffer that will be the
 * request's body: writing encodes, counts and joins in one go. An index of ends marks the items.
 */
export class PayloadWriter implements OpenPayload {
    readonly #bytes: Buffer;
    /** Where each item ends. The byte after it is its comma, or the closing bracket. */
    readonly #ends: number[] = [];
    /** Where the last item ends, or where the first one begins. */
    #end = 1;

    /** `bytes` is taken over; its length is the payload's limit. */
    constructor(bytes: Buffer) {
        this.#bytes = bytes;
        bytes[0] = OPENING_BRACKET;
    }

    /** A payload of exactly one item, however large. */
    static ofOne(text: string): PayloadWriter {
        const payload = new PayloadWriter(Buffer.allocUnsafeSlow(Buffer.byteLength(text) + BRACKETS_BYTES));
        payload.tryAppend(text);
        return payload;
    }

    get itemCount(): number {
        return this.#ends.length;
    }

    get byteLength(): number {
        return this.#end + 1;
    }

    get body(): Buffer {
        this.#bytes[this.#end] = CLOSING_BRACKET;
        return this.#bytes.subarray(0, this.byteLength);
    }

    /** Writes the item behind the last one. Returns false, and writes nothing, when the payload would exceed its limit. */
    tryAppend(text: string): boolean {
        const separator = this.#ends.length === 0 ? 0 : 1;
        const start = this.#end + separator;
        const room = this.#bytes.length - start - 1;
        // The exact length is only counted where the cheap bound does not settle it.
        if (text.length * MAX_BYTES_PER_CODE_UNIT > room && Buffer.byteLength(text) > room) return false;
        if (separator === 1) this.#bytes[this.#end] = COMMA;
        this.#end = start + this.#bytes.write(text, start);
        this.#ends.push(this.#end);
        return true;
    }

    itemBytes(index: number): number {
        return this.#ends[index]! - this.#start(index);
    }

    itemText(index: number): string {
        return this.#bytes.toString('utf8', this.#start(index), this.#ends[index]);
    }

    pick(indexes: readonly number[]): Payload {
        let length = BRACKETS_BYTES + Math.max(0, indexes.length - 1);
        for (const index of indexes) length += this.itemBytes(index);
        const picked = new PayloadWriter(Buffer.allocUnsafeSlow(length));
        for (const index of indexes) picked.#copy(this.#bytes, this.#start(index), this.#ends[index]!);
        return picked;
    }

    /** The storage of this payload, to be used again once nothing reads the payload any more. */
    release(): Buffer {
        return this.#bytes;
    }

    #start(index: number): number {
        return index === 0 ? 1 : this.#ends[index - 1]! + 1;
    }

    #copy(source: Buffer, start: number, end: number): void {
        let target = this.#end;
        if (this.#ends.length > 0) this.#bytes[target++] = COMMA;
        source.copy(this.#bytes, target, start, end);
        this.#end = target + end - start;
        this.#ends.push(this.#end);
    }
}
