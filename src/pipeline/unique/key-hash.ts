/** 64 bits. */
export interface Hash {
    readonly high: number;
    readonly low: number;
}

/** Hashes text to 64 bits, as two signed integers of 32 bits: BigInt would be many times slower. */
export class KeyHash {
    readonly #seedHigh: number;
    readonly #seedLow: number;
    /** Hashes are the same for the same `seed`; a different one for each run keeps others from choosing keys that collide. */
    constructor(seed: string) {
        this.#seedHigh = 0xdeadbeef;
        this.#seedLow = 0x41c6ce57;
        const { high, low } = this.hash(seed);
        this.#seedHigh = high;
        this.#seedLow = low;
    }

    hash(text: string): Hash {
        let high = this.#seedHigh ^ text.length;
        let low = this.#seedLow;
        for (let index = 0; index < text.length; index++) {
            const unit = text.charCodeAt(index);
            high = Math.imul(high ^ unit, 0x85ebca77);
            high = (high << 13) | (high >>> 19);
            low = Math.imul(low ^ unit, 0xc2b2ae3d);
            low = (low << 17) | (low >>> 15);
        }
        // Each lane ends with the finalizer of MurmurHash3, so that every bit of the text reaches every bit of the hash.
        return { high: finalize(high ^ Math.imul(low, 0x9e3779b1)), low: finalize(low) };
    }
}

function finalize(lane: number): number {
    let mixed = lane ^ (lane >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    return mixed ^ (mixed >>> 16);
}
