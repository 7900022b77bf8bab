import { expect } from 'vitest';

import type { ScriptResult } from '../../support/run-script.js';
import type { Place, TestItem } from './places.js';
import { type EntryPoint, type ProgramOptions, runProgram } from './program.js';

/** What a run left behind, and how its last process ended. */
export interface Outcome extends ScriptResult {
    place: Place;
    /** Numbers in the entry point's dataset, in their order. */
    stored(entryPoint: EntryPoint): Promise<number[]>;
    /** Numbers in quarantine that came through the entry point. */
    quarantined(entryPoint: EntryPoint): Promise<number[]>;
    /** The report of the entry point's guard. */
    report(entryPoint: EntryPoint): Promise<Record<string, any> | undefined>;
}

/** Which dataset an entry point pushes to: undefined is the run's default one. */
const DATASETS: Partial<Record<EntryPoint, string>> = { stored: 'stored', installed: 'installed' };

/** Runs a program, and hands out what it left. The caller closes the place. */
export async function outcomeOf(place: Place, options: ProgramOptions): Promise<Outcome> {
    return whatIsLeft(place, await runProgram(place, options));
}

export function whatIsLeft(place: Place, result: ScriptResult): Outcome {
    return {
        ...result,
        place,
        stored: async (entryPoint) => numbersVia(entryPoint, await place.items(DATASETS[entryPoint])),
        quarantined: async (entryPoint) => numbersVia(entryPoint, await place.quarantined()),
        async report(entryPoint) {
            const dataset = DATASETS[entryPoint];
            const text = (await place.records()).get(`DATASET-GUARD-REPORT${dataset ? `.${dataset}` : ''}`);
            return text === undefined ? undefined : JSON.parse(text);
        },
    };
}

function numbersVia(entryPoint: EntryPoint, items: readonly TestItem[]): number[] {
    return items.filter(({ via }) => via === entryPoint).map(({ n }) => n);
}

export const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((one, other) => one - other);
export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);
/** The numbers whose items fail the schema. */
export const isFlawed = (n: number): boolean => n % 5 === 4;
export const unique = (numbers: readonly number[]): number[] => [...new Set(numbers)];

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** The lines that the guard wrote. */
export function ownLines({ stdout, stderr }: ScriptResult): string[] {
    return lines(`${stdout}\n${stderr}`).filter((line) => isOwn(line));
}

/**
 * What the process wrote, without the guard's own lines and without status messages, which tell the outcome. Of Crawlee's lines each
 * counts once and without its numbers, which are durations. Frames of a stack are left out: in a handler they lead through the guard.
 */
export function otherOutput({ stdout, stderr }: ScriptResult): { stdout: string[]; stderr: string[] } {
    return { stdout: otherLines(stdout), stderr: otherLines(stderr) };
}

function otherLines(text: string): string[] {
    const others = lines(text).filter((line) => !isOwn(line) && !STATUS_MESSAGE.test(line) && !/^ +at /.test(line));
    return others.filter((line, index) => !CRAWLER.test(line) || others.indexOf(line) === index);
}

const CRAWLER = /^(INFO|WARN|ERROR) +\w+Crawler:/;
const STATUS_MESSAGE = /^\w+ +\[(Terminal s|S)tatus message\]/;

function lines(text: string): string[] {
    return (
        text
            .replaceAll(COLOURS, '')
            .replaceAll(/\((node:|rejection id: )\d+\)/g, '($1N)')
            .split('\n')
            // Of errors that are equally frequent Crawlee shows the first ones, and pages fail in any order.
            .map((line) => line.replace(/"mostCommonErrors":\[.*?\]/, '"mostCommonErrors":[]'))
            .map((line) => (CRAWLER.test(line) ? line.replaceAll(/\d+(\.\d+)?/g, 'N') : line))
    );
}

function isOwn(line: string): boolean {
    return /^(INFO|WARN|ERROR) +DatasetGuard:/.test(line);
}

/** A line of the guard's counts what is missing, whatever its other words, and none tells another number of unsent items. */
export function expectLineCounting(missingItems: number, result: ScriptResult): void {
    const own = ownLines(result);
    const counting = own.filter((line) => new RegExp(`\\b${missingItems} (\\w+ )?items?\\b`).test(line));
    expect(counting, `a line that counts ${missingItems} missing items in:\n${own.join('\n')}`).not.toEqual([]);
    const told = own.flatMap((line) => /(\d+) items? could not be sent/.exec(line)?.[1] ?? []);
    expect(unique(told.map(Number)), own.join('\n')).toEqual(told.length > 0 ? [missingItems] : []);
}
