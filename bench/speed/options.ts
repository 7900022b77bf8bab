import { parseArgs } from 'node:util';

import { CONTENDER_NAMES, PLACES } from './contenders.js';
import { defaultLocalFolder, isFolder } from './local-folder.js';
import { type Plan, type Preset, PRESETS } from './presets.js';
import { schedule } from './schedule.js';
import { SHAPE_NAMES } from './shapes.js';

export interface BenchOptions extends Preset {
    /** Whether the promises of the documentation are compared with what was measured. */
    readonly checksTargets: boolean;
    /** Where the results go as JSON. */
    readonly json?: string;
    /** The folder for local files. */
    readonly folder: string;
    /** The folder for CPU profiles of the contenders. */
    readonly profile?: string;
}

export const USAGE = `npm run bench -- [options]

  (nothing)          the main contenders, three shapes, three latencies: a few minutes
  --quick            one latency, one sample of each: about a minute
  --full             all contenders, shapes, latencies and places, eight samples of each: hours
  --growth           1,000,000 items beside 100,000
  --check            what the targets need, eight samples of each, and whether they are met; exit code 1 if not

  --only <names>     only these contenders: ${wrapped(CONTENDER_NAMES)}
  --shapes <names>   only these shapes: ${SHAPE_NAMES.join(', ')}
  --places <names>   only these places: ${PLACES.join(', ')}
  --latencies <ms>   of an answer of the platform, 0 to 1,000
  --pairs <n>        samples of each contender, 1 to 100
  --seconds <s>      how long the fastest contender takes for a sample, about, 0.01 to 60
  --folder <folder>  for local files; in memory (/dev/shm) unless given, where there is room
  --json <file>      writes all samples, medians and ratios there
  --profile <folder> writes a CPU profile of each sample there; measuring that costs time itself

Lists are separated by commas. With --growth and --check, lists leave out what they do not name; otherwise they replace
what would be measured.`;

/** Presets whose plans belong together: lists can only make them smaller. */
const FIXED: readonly string[] = ['growth', 'check'];

/** @throws Error that says what was expected, for whoever typed the command */
export function readOptions(args: readonly string[]): BenchOptions {
    const { values } = parseArgs({
        args: [...args],
        options: {
            quick: { type: 'boolean' },
            full: { type: 'boolean' },
            growth: { type: 'boolean' },
            check: { type: 'boolean' },
            only: { type: 'string' },
            shapes: { type: 'string' },
            places: { type: 'string' },
            latencies: { type: 'string' },
            pairs: { type: 'string' },
            seconds: { type: 'string' },
            folder: { type: 'string' },
            json: { type: 'string' },
            profile: { type: 'string' },
        },
    });
    const chosen = (['quick', 'full', 'growth', 'check'] as const).filter((name) => values[name]);
    if (chosen.length > 1) throw new Error(`Only one of ${chosen.map((name) => `--${name}`).join(', ')} is possible.`);
    if (values.json === '') throw new Error('--json needs the path of a file.');
    if (values.profile === '') throw new Error('--profile needs the path of a folder.');
    const { folder = defaultLocalFolder() } = values;
    if (!isFolder(folder)) throw new Error(`--folder needs a folder that is there, but got: "${folder}".`);
    const name = chosen[0] ?? 'standard';
    const lists: Partial<Plan> = {
        contenders: names('--only', values.only, CONTENDER_NAMES),
        shapes: names('--shapes', values.shapes, SHAPE_NAMES),
        places: names('--places', values.places, PLACES),
        latencies: list(values.latencies)?.map((text) => number('--latencies', text, 0, 1_000, true)),
    };
    const { plans: all, pairs, seconds } = PRESETS[name];
    const plans = FIXED.includes(name) ? all.map((plan) => narrowed(plan, lists)) : replaced(all, lists);
    if (schedule({ plans, pairs: 1, seconds }).length === 0) throw new Error('Nothing is left to measure.');
    return {
        plans,
        pairs: values.pairs === undefined ? pairs : number('--pairs', values.pairs, 1, 100, true),
        seconds: values.seconds === undefined ? seconds : number('--seconds', values.seconds, 0.01, 60, false),
        checksTargets: name === 'check',
        folder,
        json: values.json,
        profile: values.profile,
    };
}

/** Puts everything that was asked for into one plan, so that it is measured side by side. */
function replaced(plans: readonly Plan[], lists: Partial<Plan>): readonly Plan[] {
    const given = Object.fromEntries(Object.entries(lists).filter(([, value]) => value !== undefined));
    return Object.keys(given).length === 0 ? plans : [{ ...plans[0]!, ...given }];
}

function narrowed(plan: Plan, lists: Partial<Plan>): Plan {
    const keep = <Value>(values: readonly Value[], wanted: readonly Value[] | undefined) =>
        values.filter((value) => wanted?.includes(value) ?? true);
    return {
        contenders: keep(plan.contenders, lists.contenders),
        shapes: keep(plan.shapes, lists.shapes),
        places: keep(plan.places, lists.places),
        latencies: keep(plan.latencies, lists.latencies),
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
        const kind = isWhole ? 'a whole number' : 'a number';
        throw new Error(`${option} must be ${kind} from ${min} to ${max}, but got: "${text}".`);
    }
    return value;
}

function wrapped(all: readonly string[]): string {
    return all
        .join(', ')
        .replaceAll(/(.{1,80}(?:, |$))/g, '\n                       $1')
        .trimEnd();
}
