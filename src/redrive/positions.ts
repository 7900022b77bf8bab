/**
 * A set of positions in a dataset, kept as runs: a quarantine that was redriven from end to end is one run, however long.
 * At worst, with every other position in it, its text takes four bytes for each.
 */
export class Positions {
    /** Begin (included) and end (excluded) of each run, ascending, none touching the next. */
    readonly #runs: [begin: number, end: number][] = [];

    /** Reads the result of `toText`. @throws TypeError for anything else */
    static fromText(text: string): Positions {
        const positions = new Positions();
        const lengths = text === '' ? [] : text.split(',').map(Number);
        if (lengths.length % 2 !== 0 || !lengths.every((length) => Number.isSafeInteger(length) && length >= 0)) {
            throw new TypeError('expected lengths of gaps and runs');
        }
        let end = 0;
        for (let index = 0; index < lengths.length; index += 2) {
            const begin = end + lengths[index]!;
            end = begin + lengths[index + 1]!;
            positions.#runs.push([begin, end]);
        }
        return positions;
    }

    /** The lengths of gap, run, gap, run, … from position 0 on. */
    toText(): string {
        let before = 0;
        const lengths: number[] = [];
        for (const [begin, end] of this.#runs) {
            lengths.push(begin - before, end - begin);
            before = end;
        }
        return lengths.join(',');
    }

    get size(): number {
        return this.#runs.reduce((sum, [begin, end]) => sum + end - begin, 0);
    }

    has(position: number): boolean {
        const run = this.#runs[this.#indexOf(position)];
        return run !== undefined && run[0] <= position;
    }

    /** The first position from `position` on that is not in the set. */
    nextOutside(position: number): number {
        const run = this.#runs[this.#indexOf(position)];
        return run !== undefined && run[0] <= position ? run[1] : position;
    }

    add(position: number): void {
        if (this.has(position)) return;
        const index = this.#indexOf(position);
        const [previous, next] = [this.#runs[index - 1], this.#runs[index]];
        const touchesPrevious = previous?.[1] === position;
        const touchesNext = next?.[0] === position + 1;
        if (touchesPrevious && touchesNext) {
            previous[1] = next[1];
            this.#runs.splice(index, 1);
        } else if (touchesPrevious) {
            previous[1] = position + 1;
        } else if (touchesNext) {
            next[0] = position;
        } else {
            this.#runs.splice(index, 0, [position, position + 1]);
        }
    }

    /** Index of the first run that ends behind `position`. */
    #indexOf(position: number): number {
        let low = 0;
        let high = this.#runs.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (this.#runs[middle]![1] > position) high = middle;
            else low = middle + 1;
        }
        return low;
    }
}
