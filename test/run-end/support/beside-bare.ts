import { expect } from 'vitest';

import { isFlawed, otherOutput, type Outcome, outcomeOf, sorted, unique } from './outcome.js';
import type { Place } from './places.js';
import type { EntryPoint, ProgramOptions } from './program.js';

export interface BesideBare {
    bare: Outcome;
    guarded: Outcome;
    entryPoint: EntryPoint;
    options: Omit<ProgramOptions, 'via'>;
}

/** Runs the same program bare and with a guard, each in a place of its own. */
export async function besideBare(
    newPlace: () => Promise<Place>,
    options: Omit<ProgramOptions, 'via'>,
    entryPoint: EntryPoint = options.file === 'main' ? 'buffered' : 'handler',
): Promise<BesideBare> {
    const [bare, guarded] = await Promise.all(
        [['bare' as const], [entryPoint]].map(async (via) => outcomeOf(await newPlace(), { ...options, via })),
    );
    return { bare: bare!, guarded: guarded!, entryPoint, options };
}

/** The same exit code, signal and output, the guard's own lines apart. */
export function expectSameEnd({ bare, guarded }: BesideBare): void {
    expect(guarded).toMatchObject({ exitCode: bare.exitCode, signal: bare.signal });
    expect(otherOutput(guarded)).toEqual(otherOutput(bare));
}

/** Every good item that the bare program stored is stored, once; every other one is in quarantine. */
export async function expectSameItems({ bare, guarded, entryPoint, options }: BesideBare): Promise<void> {
    const stored = sorted(unique(await bare.stored('bare')));
    const good = options.flawless ? stored : stored.filter((n) => !isFlawed(n));
    expect(good).not.toEqual([]);
    expect(sorted(await guarded.stored(entryPoint))).toEqual(good);
    const flawed = options.flawless ? [] : good.map((n) => n + 1).filter(isFlawed);
    expect(sorted(unique(await guarded.quarantined(entryPoint)))).toEqual(flawed);
}
