/** How long calls took, in milliseconds. */
export class CallTimes {
    #millis = new Float64Array(1_024);
    #count = 0;

    add(millis: number): void {
        if (this.#count === this.#millis.length) {
            const larger = new Float64Array(this.#count * 2);
            larger.set(this.#millis);
            this.#millis = larger;
        }
        this.#millis[this.#count++] = millis;
    }

    /** The time that this share of the calls did not exceed; 0 without calls. */
    quantile(share: number): number {
        const sorted = this.#millis.slice(0, this.#count).sort();
        return sorted[Math.max(0, Math.ceil(share * this.#count) - 1)] ?? 0;
    }
}
