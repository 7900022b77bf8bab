import type { OpenPayload, Payload, PayloadFactory } from '../ports.js';

const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const BRACKETS_BYTES = 2;
/** UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_PER_CODE_UNIT = 3;

/**
 * JSON of so many UTF-16 code units at most is encoded together with that of its neighbours, about so many units at a time:
 * writing into a buffer costs more per call than a small item per byte. Measured: 0.13 µs less for each.
 */
const MAX_JOINED_LENGTH = 512;
const MAX_TAIL_LENGTH = 16_384;
/** Items for which a payload has room in its index at first. */
const FIRST_INDEX_LENGTH = 64;

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
 * A payload that is being filled. Each item's JSON is encoded once, as UTF-8, in the buffer that will be the request's
 * body: writing encodes, counts and joins in one go. An index of ends marks the items.
 */
export class PayloadWriter implements OpenPayload {
    readonly #bytes: Buffer;
    /** Where each item ends; in the tail, where it would end if that were ASCII. The byte after it is its comma, or the closing bracket. */
    #ends = new Uint32Array(FIRST_INDEX_LENGTH);
    #itemCount = 0;
    /** Where the last encoded item ends, or where the first one begins. */
    #end = 1;
    /** The last items, with a comma before each but the payload's first, that are not encoded yet. */
    #tail = '';
    #encodedCount = 0;

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
        return this.#itemCount;
    }

    get byteLength(): number {
        this.#encode();
        return this.#end + 1;
    }

    get maxByteLength(): number {
        return this.#end + this.#tail.length * MAX_BYTES_PER_CODE_UNIT + 1;
    }

    get body(): Buffer {
        this.#encode();
        this.#bytes[this.#end] = CLOSING_BRACKET;
        return this.#bytes.subarray(0, this.byteLength);
    }

    /** Adds the item behind the last one. Returns false, and changes nothing, when the payload would exceed its limit. */
    tryAppend(text: string): boolean {
        const separator = this.#itemCount === 0 ? '' : ',';
        // The exact length is only counted where the cheap bound does not settle it.
        const maxLength = this.maxByteLength + separator.length + text.length * MAX_BYTES_PER_CODE_UNIT;
        if (maxLength > this.#bytes.length && !this.#hasRoomFor(text, separator)) return false;
        if (text.length <= MAX_JOINED_LENGTH) {
            this.#tail += separator + text;
            this.#mark(this.#end + this.#tail.length);
            if (this.#tail.length > MAX_TAIL_LENGTH) this.#encode();
            return true;
        }
        this.#encode();
        if (separator !== '') this.#bytes[this.#end++] = COMMA;
        this.#end += this.#bytes.write(text, this.#end);
        this.#mark(this.#end);
        this.#encodedCount++;
        return true;
    }

    itemBytes(index: number): number {
        this.#encode();
        return this.#ends[index]! - this.#start(index);
    }

    itemText(index: number): string {
        this.#encode();
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

    #hasRoomFor(text: string, separator: string): boolean {
        const room = this.#bytes.length - this.byteLength - separator.length;
        return text.length * MAX_BYTES_PER_CODE_UNIT <= room || Buffer.byteLength(text) <= room;
    }

    #encode(): void {
        if (this.#tail === '') return;
        const byteLength = this.#bytes.write(this.#tail, this.#end);
        if (byteLength > this.#tail.length) this.#mendEnds();
        this.#end += byteLength;
        this.#tail = '';
        this.#encodedCount = this.#itemCount;
    }

    /** Where the items of a tail end that is not ASCII. */
    #mendEnds(): void {
        let end = this.#end;
        let start = 0;
        for (let index = this.#encodedCount; index < this.#itemCount; index++) {
            const next = this.#ends[index]! - this.#end;
            end += Buffer.byteLength(this.#tail.slice(start, next));
            this.#ends[index] = end;
            start = next;
        }
    }

    #mark(end: number): void {
        if (this.#itemCount === this.#ends.length) {
            const longer = new Uint32Array(this.#ends.length * 2);
            longer.set(this.#ends);
            this.#ends = longer;
        }
        this.#ends[this.#itemCount++] = end;
    }

    #start(index: number): number {
        return index === 0 ? 1 : this.#ends[index - 1]! + 1;
    }

    #copy(source: Buffer, start: number, end: number): void {
        if (this.#itemCount > 0) this.#bytes[this.#end++] = COMMA;
        source.copy(this.#bytes, this.#end, start, end);
        this.#end += end - start;
        this.#mark(this.#end);
        this.#encodedCount++;
    }
}
