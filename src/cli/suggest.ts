import type { Command } from 'commander';

import { formatJson } from '../infer/json-text.js';
import type { SchemaChange, SuggestedChanges, SuggestedRepair } from '../infer/suggest/suggest-changes.js';
import { suggestChanges } from '../infer/suggest/suggest-changes.js';
import { EXIT, UsageError } from './exit-codes.js';
import { openActorSchema, openSchemaFile } from './fields-document.js';
import { openNamedSource, SOURCE_HELP, withProgress } from './named-source.js';
import { count, oneLine, print, printJson, printJsonText, Progress, say } from './terminal.js';
import { number } from '../utils/format.js';
import { removeFromNames, removeGenericSecrets } from '../utils/secrets.js';

const DESCRIPTION = `Says how the schema could change to let items in that fail it, or which repair would mend the items instead.

Each line is the smallest change for one reason. "lets in" counts the items that pass with this change alone.

${SOURCE_HELP}

A quarantine is a source, too: its records stand for the items in them.`;

const EXIT_CODES = `
Exit codes:
  0    no item fails, or the changes let in all that fail
  1    items fail that no change lets in, or there is no item
  2    the command could not begin: arguments, files, schema or token`;

interface SuggestCommandOptions {
    schema?: string;
    patch?: boolean;
    write?: boolean;
    samples: boolean;
    json?: boolean;
}

export function addSuggest(program: Command): void {
    program
        .command('suggest')
        .summary('say how the schema could change to let rejected items in')
        .description(DESCRIPTION)
        .argument('<source>', 'where the items are')
        .option('-s, --schema <file>', 'a dataset schema or a JSON Schema (default: that of .actor/ in this folder)')
        .option('-p, --patch', 'print all changes as one JSON Patch for the file of the schema')
        .option('-w, --write', 'make all changes in the file of the schema; its formatting stays as it is')
        .option('--no-samples', 'show no values of items, except those that a change adds to a list')
        .option('--json', 'print the result as JSON')
        .addHelpText('after', EXIT_CODES)
        .action(async (named: string, options: SuggestCommandOptions) => {
            process.exitCode = await suggest(named, options);
        });
}

async function suggest(named: string, options: SuggestCommandOptions): Promise<number> {
    const cwd = process.cwd();
    const target =
        options.schema === undefined ? await openActorSchema(cwd) : await openSchemaFile(options.schema, cwd);
    const { fields = {}, pointer } = target;
    if (Object.keys(fields).length === 0) {
        throw new UsageError(
            `${target.source} has no schema that an item could fail. Make one: npx apify-dataset-guard infer ${named} --write`,
        );
    }
    const source = await openNamedSource(named);
    const progress = new Progress();
    const items = withProgress(source, progress, (readItems) => `${count(readItems, 'item')} checked`);
    const result = await suggestChanges(items, fields, { samples: options.samples }).finally(() => progress.clear());
    const patch = result.patch.map((operation) => ({ ...operation, path: pointer + operation.path }));
    if (options.write && patch.length > 0) await target.write(patch);

    const written = options.write && patch.length > 0 ? target.source : undefined;
    if (options.json) {
        printJson({ source: source.name, schema: target.source, ...result, patch, ...(written && { written }) });
    } else if (options.patch) {
        printJsonText(formatJson(patch));
        say(`${summary(source.name, result, target.source)} The patch is for ${target.source}.`);
    } else {
        print(summary(source.name, result, target.source));
        if (result.changes.length > 0) {
            const letIn = count(result.failedItems - result.unexplainedItems, 'item');
            print(`\n${changesTable(result.changes)}\n\nAll changes together let in ${letIn}.`);
        }
        if (written) print(`\nThey are in ${written} now.`);
    }
    return result.unexplainedItems > 0 || result.checkedItems === 0 ? EXIT.failed : EXIT.fine;
}

function summary(
    source: string,
    { checkedItems, failedItems, unexplainedItems }: SuggestedChanges,
    schema: string,
): string {
    if (checkedItems === 0) return `${source}: there is no item to suggest changes for.`;
    const failed = number(failedItems);
    const unexplained =
        unexplainedItems === 0
            ? ''
            : ` No change of the schema lets in ${count(unexplainedItems, 'item')}: no objects, records without their item, or what no change is known for.`;
    return `${source}: ${failed} of ${count(checkedItems, 'item')} ${failedItems === 1 ? 'fails' : 'fail'}, with the schema of ${schema}.${unexplained}`;
}

function changesTable(changes: readonly SchemaChange[]): string {
    const rows = changes.map((change) => [change.failedItems, change.letInItems].map((n) => number(n)));
    const [fail, letIn] = ['fail', 'lets in'].map((head, column) =>
        Math.max(head.length, ...rows.map((row) => row[column]!.length)),
    ) as [number, number];
    const indent = ' '.repeat(fail + letIn + 4);
    const lines = changes.flatMap((change, index) => {
        const [failed, letInItems] = rows[index] as [string, string];
        const path = change.path === '' ? 'the item' : `"${removeFromNames(change.path, removeGenericSecrets)}"`;
        return [
            `${failed.padStart(fail)}  ${letInItems.padStart(letIn)}  ${shown(`${path}: ${change.description}`)}`,
            ...worthSaying(change.repairs).flatMap((repair) => repairLines(repair).map((line) => indent + line)),
        ];
    });
    return [`${'fail'.padStart(fail)}  ${'lets in'.padStart(letIn)}  change`, ...lines].join('\n');
}

/** The best that keeps the value; what leaves something out only where it mends more items. */
function worthSaying(repairs: readonly SuggestedRepair[]): SuggestedRepair[] {
    const [first, ...others] = repairs;
    if (first === undefined) return [];
    return [first, ...others.filter(({ keepsValue, mendedItems }) => !keepsValue && mendedItems > first.mendedItems)];
}

/** Text of items as a part of one line. What is written to a file is complete. */
function shown(text: string): string {
    return oneLine(removeGenericSecrets(text));
}

function json(value: unknown): string {
    return value === undefined ? 'nothing' : JSON.stringify(value);
}

function repairLines({ code, name, mendedItems, samples }: SuggestedRepair): string[] {
    const [sample] = samples;
    const example = sample === undefined ? '' : `: ${json(sample.before)} → ${json(sample.after)}`;
    return [
        shown(`or mend ${count(mendedItems, 'item')}, ${name}${example}`),
        ...code.split('\n').map((line) => `    ${shown(line)}`),
    ];
}
