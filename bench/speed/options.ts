import { parseArgs } from 'node:util';

import { CONTENDER_NAMES, type ContenderName, MAIN_CONTENDERS, type Place, PLACES } from './contenders.js';
import { SHAPE_NAMES, type ShapeName } from './shapes.js';

export interface BenchOptions {
    readonly contenders: readonly ContenderName[];
    readonly shapes: readonly ShapeName[];
    readonly places: readonly Place[];
    readonly latencies: readonly number[];
    /** Samples of each contender. */
    readonly pairs: number;
    /** How long the fastest contender takes for a sample, about. */
    readonly seconds: number;
    /** Where the results go as JSON. */
    readonly json?: string;
}

export const USAGE = `npm run bench -- [options]

  --quick            one shape less, one latency, one pair: about a minute
  --full             every contender, shape, latency and place, eight pairs: about an hour and a half
  --only <names>     contenders: ${CONTENDER_NAMES.join(', ')}
  --shapes <names>   ${SHAPE_NAMES.join(', ')}
  --latencies <ms>   of an answer of the platform, 0 to 1,000
  --places <names>   ${PLACES.join(', ')}
  --pairs <n>        samples of each contender, 1 to 100
  --seconds <s>      how long the fastest contender takes for a sample, about, 0.01 to 60
  --json <file>      writes all samples, medians and ratios there

Lists are separated by commas.`;

const PRESETS = {
    standard: {
        contenders: MAIN_CONTENDERS,
        shapes: ['medium', 'flights', 'mdn'],
        places: ['platform'],
        latencies: [0, 20, 60],
        pairs: 2,
        seconds: 0.5,
    },
    quick: {
        contenders: MAIN_CONTENDERS,
        shapes: ['medium', 'flights', 'mdn'],
        places: ['platform'],
        latencies: [20],
        pairs: 1,
        seconds: 0.5,
    },
    full: {
        contenders: CONTENDER_NAMES,
        shapes: SHAPE_NAMES,
        places: PLACES,
        latencies: [0, 20, 60],
        pairs: 8,
        seconds: 1.5,
    },
} as const satisfies Record<string, BenchOptions>;

/** @throws Error that says what was expected, for whoever typed the command */
export function readOptions(args: readonly string[]): BenchOptions {
    const { values } = parseArgs({
        args: [...args],
        options: {
            quick: { type: 'boolean' },
            full: { type: 'boolean' },
            only: { type: 'string' },
            shapes: { type: 'string' },
            places: { type: 'string' },
            latencies: { type: 'string' },
            pairs: { type: 'string' },
            seconds: { type: 'string' },
            json: { type: 'string' },
        },
    });
    if (values.quick && values.full) throw new Error('--quick and --full exclude each other.');
    const preset: BenchOptions = PRESETS[values.quick ? 'quick' : values.full ? 'full' : 'standard'];
    if (values.json === '') throw new Error('--json needs the path of a file.');
    return {
        contenders: names('--only', values.only, CONTENDER_NAMES) ?? preset.contenders,
        shapes: names('--shapes', values.shapes, SHAPE_NAMES) ?? preset.shapes,
        places: names('--places', values.places, PLACES) ?? preset.places,
        latencies:
            list(values.latencies)?.map((text) => number('--latencies', text, 0, 1_000, true)) ?? preset.latencies,
        pairs: values.pairs === undefined ? preset.pairs : number('--pairs', values.pairs, 1, 100, true),
        seconds: values.seconds === undefined ? preset.seconds : number('--seconds', values.seconds, 0.01, 60, false),
        json: values.json,
    };
}

function list(text: string | undefined): string[] | undefined {
    return text === undefined ? undefined : [...new Set(text.split(',').map((part) => part.trim()))];
}

function names<Name extends string>(
    option: string,
    text: string | undefined,
    known: readonly Name[],
): Name[] | undefined {
    return list(text)?.map((given) => {
        const name = known.find((one) => one === given);
        if (name === undefined) throw new Error(`${option} knows ${known.join(', ')}, but got: "${given}".`);
        return name;
    });
}

function number(option: string, text: string, min: number, max: number, isWhole: boolean): number {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max) || (isWhole && !Number.isInteger(value))) {
        throw new Error(
            `${option} must be ${isWhole ? 'a whole number' : 'a number'} from ${min} to ${max}, but got: "${text}".`,
        );
    }
    return value;
}
