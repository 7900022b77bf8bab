import type { Payload } from '../ports.js';
import type { Writable } from '../utils/writable.js';

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const BRACKETS_BYTES = 2;
/** UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;
/** Items for which a payload has room in its index at first. */
const FIRST_INDEX_LENGTH = 64;
/** Buffers kept for the next payloads. One is filled while another is sent; more would be memory held for nothing. */
const MAX_IDLE_BUFFERS = 2;

/** Makes payloads of at most `maxPayloadBytes`, brackets and commas included, and reuses their memory. */
export class PayloadPool {
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

    /** A payload that holds `itemText` and takes more, if that fits the limit; else one of this item alone. */
    open(itemText: string): PayloadWriter {
        const payload = new PayloadWriter(this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#maxPayloadBytes));
        if (payload.tryAppend(itemText)) return payload;
        this.release(payload);
        return PayloadWriter.ofOne(itemText);
    }

    /** The payload's memory may be used again. Nothing may read the payload afterwards. */
    release(payload: Payload): void {
        if (!(payload instanceof PayloadWriter)) return;
        const { bytes } = payload;
        // A buffer of another size was made to measure, or under an earlier limit.
        if (bytes.length === this.#maxPayloadBytes && this.#idle.length < MAX_IDLE_BUFFERS) this.#idle.push(bytes);
    }
}

/**
 * A payload that is being filled. Each item's JSON is encoded once, as UTF-8, in the buffer that will be the request's body.
 * An index of ends marks the items.
 */
export class PayloadWriter implements Payload {
    /** Its length is the payload's limit. */
    readonly bytes: Buffer;
    readonly itemCount: number = 0;
    readonly byteLength: number = BRACKETS_BYTES;
    /** Where each item ends. The byte after it is its comma, or the closing bracket. */
    #ends = new Uint32Array(FIRST_INDEX_LENGTH);

    /** Takes `bytes` over. */
    constructor(bytes: Buffer) {
        this.bytes = bytes;
        bytes[0] = OPENING_BRACKET;
    }

    /** A payload of exactly one item, however large. */
    static ofOne(text: string): PayloadWriter {
        const payload = new PayloadWriter(Buffer.allocUnsafeSlow(Buffer.byteLength(text) + BRACKETS_BYTES));
        payload.tryAppend(text);
        return payload;
    }

    /** A payload of exactly these items. */
    static of(texts: readonly string[]): PayloadWriter {
        const length = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, BRACKETS_BYTES);
        const payload = new PayloadWriter(Buffer.allocUnsafeSlow(length));
        for (const text of texts) payload.tryAppend(text);
        return payload;
    }

    get body(): Buffer {
        this.bytes[this.byteLength - 1] = CLOSING_BRACKET;
        return this.bytes.subarray(0, this.byteLength);
    }

    /** Adds the item behind the last one. Returns false, and changes nothing, when the payload would exceed its limit. */
    tryAppend(text: string): boolean {
        const separatorBytes = this.itemCount === 0 ? 0 : 1;
        const room = this.bytes.length - this.byteLength - separatorBytes;
        // The exact length is only counted where the cheap bound does not settle it.
        if (text.length * MAX_BYTES_PER_CODE_UNIT > room && Buffer.byteLength(text) > room) return false;
        const end = this.byteLength - 1;
        if (separatorBytes === 1) this.bytes[end] = COMMA;
        const start = end + separatorBytes;
        this.#endItem(start + this.bytes.write(text, start));
        return true;
    }

    itemBytes(index: number): number {
        return this.#ends[index]! - this.#start(index);
    }

    itemText(index: number): string {
        return this.bytes.toString('utf8', this.#start(index), this.#ends[index]);
    }

    pick(indexes: readonly number[]): PayloadWriter {
        let length = BRACKETS_BYTES + Math.max(0, indexes.length - 1);
        for (const index of indexes) length += this.itemBytes(index);
        const picked = new PayloadWriter(Buffer.allocUnsafeSlow(length));
        for (const index of indexes) picked.#copy(this.bytes, this.#start(index), this.#ends[index]!);
        return picked;
    }

    copy(reusable?: Payload): PayloadWriter {
        const isLargeEnough = reusable instanceof PayloadWriter && reusable.bytes.length >= this.byteLength;
        const copy = new PayloadWriter(isLargeEnough ? reusable.bytes : Buffer.allocUnsafeSlow(this.byteLength));
        this.body.copy(copy.bytes);
        copy.#ends = this.#ends.slice(0, Math.max(1, this.itemCount));
        const { itemCount, byteLength } = this;
        return Object.assign(copy, { itemCount, byteLength });
    }

    /** One more item is in the buffer, and ends there. */
    #endItem(end: number): void {
        if (this.itemCount === this.#ends.length) {
            const longer = new Uint32Array(this.#ends.length * 2);
            longer.set(this.#ends);
            this.#ends = longer;
        }
        this.#ends[this.itemCount] = end;
        const own = this as Writable<PayloadWriter>;
        own.itemCount++;
        own.byteLength = end + 1;
    }

    #start(index: number): number {
        return index === 0 ? 1 : this.#ends[index - 1]! + 1;
    }

    #copy(source: Buffer, start: number, end: number): void {
        let at = this.byteLength - 1;
        if (this.itemCount > 0) this.bytes[at++] = COMMA;
        this.#endItem(at + source.copy(this.bytes, at, start, end));
    }
}
