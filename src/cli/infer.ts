import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

import type { InferredSchema, Outlier } from '../infer/infer-schema.js';
import { inferSchema } from '../infer/infer-schema.js';
import { formatJson } from '../infer/json-text.js';
import { keepAnnotations } from '../infer/keep-annotations.js';
import { itemOfRecord } from '../infer/record-item.js';
import { EXIT } from './exit-codes.js';
import { openActorSchema } from './fields-document.js';
import { openNamedSource, SOURCE_HELP, withProgress } from './named-source.js';
import { count, oneLine, print, printJson, printJsonText, Progress, say } from './terminal.js';
import { number } from '../utils/format.js';

const DESCRIPTION = `Writes the schema that items have: the "fields" of a dataset schema.

Every item passes it. With --tolerate, what is rare is left to the quarantine, and named: so dirty items give a strict schema.

${SOURCE_HELP}

A quarantine is a source, too: its records stand for the items in them.`;

const EXIT_CODES = `
Exit codes:
  0    the schema is made
  1    there is no item to make it of
  2    the command could not begin: arguments, files or token`;

interface InferCommandOptions {
    write?: boolean;
    tolerate: number;
    ranges?: boolean;
    samples: boolean;
    json?: boolean;
}

export function addInfer(program: Command): void {
    program
        .command('infer')
        .summary('make a schema of items')
        .description(DESCRIPTION)
        .argument('<source>', 'where the items are')
        .option(
            '-w, --write',
            'put it into .actor/ of this folder, where it replaces "fields"; all else stays as it is',
        )
        .option(
            '-t, --tolerate <share>',
            'leave out what is as rare: 1% or 0.01, of the values of a field',
            parseShare,
            0,
        )
        .option('--ranges', 'give numbers a minimum and a maximum')
        .option('--no-samples', 'write and show no values of items, lists of repeating values apart')
        .option('--json', 'print the result as JSON: the schema, how many items it is made of, and what it leaves out')
        .addHelpText('after', EXIT_CODES)
        .action(async (named: string, options: InferCommandOptions) => {
            process.exitCode = await infer(named, options);
        });
}

async function infer(named: string, options: InferCommandOptions): Promise<number> {
    const target = options.write ? await openActorSchema(process.cwd()) : undefined;
    const source = await openNamedSource(named);
    const progress = new Progress();
    const items = withProgress(source, progress, (readItems) => `${count(readItems, 'item')} read`);
    const { tolerate, ranges, samples: examples } = options;
    const result = await inferSchema(itemsOf(items), { tolerate, ranges, examples }).finally(() => progress.clear());
    if (result.readItems === result.notObjects) {
        say(`${source.name}: there is no item to make a schema of.${unusedWords(result)}`);
        return EXIT.failed;
    }
    const fields = keepAnnotations(result.fields, target?.fields);
    await target?.write([{ op: 'add', path: target.pointer, value: fields }]);
    if (options.json) {
        const outliers = result.outliers.map(({ samples, ...outlier }) => ({
            ...outlier,
            ...(examples && { samples }),
        }));
        printJson({ source: source.name, ...result, fields, outliers, ...(target && { written: target.source }) });
        return EXIT.fine;
    }
    if (target === undefined) printJsonText(formatJson(fields));
    const write = target === undefined ? say : print;
    write(`${source.name}: ${summary(result)}${target === undefined ? '' : ` It is in ${target.source}.`}`);
    if (result.outliers.length > 0) {
        write(`\nIt leaves to the quarantine:\n${outliersTable(result.outliers, examples)}`);
    }
    return EXIT.fine;
}

/** Records of a quarantine stand for the items in them. */
async function* itemsOf(records: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const record of records) yield itemOfRecord(record);
}

function summary(result: InferredSchema): string {
    const properties = Object.keys(result.fields.properties ?? {}).length;
    const usedItems = result.readItems - result.notObjects;
    return `a schema with ${properties} ${properties === 1 ? 'property' : 'properties'}, of ${count(usedItems, 'item')}.${unusedWords(result)}`;
}

function unusedWords({ notObjects }: InferredSchema): string {
    if (notObjects === 0) return '';
    return ` ${count(notObjects, 'item')} could not be used: no dataset takes what is no object.`;
}

function outliersTable(outliers: readonly Outlier[], withSamples: boolean): string {
    const counts = outliers.map((outlier) => number(outlier.count));
    const width = Math.max(...counts.map((text) => text.length));
    return outliers
        .map((outlier, index) => {
            const { path, found, total, samples } = outlier;
            const what = found === 'missing' ? 'is missing' : `is ${found}, not ${outlier.expected.join(' or ')}`;
            const examples = withSamples && found !== 'null' ? samples.map(({ value }) => JSON.stringify(value)) : [];
            const shown = examples.length === 0 ? '' : `: ${examples.join(', ')}`;
            const line = `${counts[index]!.padStart(width)} of ${number(total)}  "${path}" ${what}${shown}`;
            return oneLine(`${line}${positions(outlier)}`);
        })
        .join('\n');
}

function positions({ samples, count: all }: Outlier): string {
    if (samples.length === 0) return '';
    const named = samples.map(({ itemPosition }) => number(itemPosition)).join(', ');
    return ` (position ${named}${all > samples.length ? ', …' : ''})`;
}

export function parseShare(text: string): number {
    const share = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number(text);
    if (text.trim() === '' || !(share >= 0 && share < 0.5)) {
        throw new InvalidArgumentError('Expected a share below 50%, such as 1% or 0.01.');
    }
    return share;
}
