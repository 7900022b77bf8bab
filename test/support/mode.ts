/** Whether vitest runs with `--mode long`: with all combinations and many more random values, for which CI has no time. */
export const IS_LONG = process.env.MODE === 'long';

/** All cases in the long mode, else those for CI. */
export function sample<T>(all: readonly T[], isForCi: (one: T) => boolean): T[] {
    return all.filter((one) => IS_LONG || isForCi(one));
}
