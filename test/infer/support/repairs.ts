type Repair = (item: Record<string, unknown>) => Record<string, unknown>;

/** The function of `repair: (item) => …`; `undefined` for a policy, which only a guard carries out. */
export function repairOf(code: string): Repair | undefined {
    if (!code.startsWith('repair: (item)')) return undefined;
    // What is suggested is code that a person puts into a file.
    // eslint-disable-next-line no-new-func, typescript/no-implied-eval
    return (new Function(`return ({ ${code} }).repair`) as () => Repair)();
}
