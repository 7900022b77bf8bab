import type { Command } from 'commander';
import { Option } from 'commander';

import type { Log } from '../ports.js';
import type { Dictionary, QuarantineRecord } from '../records.js';
import type { RedriveOptions, RedriveResult, RepairOption } from '../index.js';
import { readLocalDefinition } from '../schema/definition.js';
import { readSchemaFile } from '../schema/schema-file.js';
import { EXIT, UsageError } from './exit-codes.js';
import { RedrivePreview } from './redrive-preview.js';
import { repairOption } from './repair-option.js';
import { count, oneLine, print, printJson, Progress, say } from './terminal.js';
import { loadTransform } from './transform.js';
import { number } from '../utils/format.js';

/** Records read at once in search of the last run. */
const PAGE_RECORDS = 100;

const DESCRIPTION = `Brings items back from the quarantine: changes and repairs them, validates them, and stores those that pass.

[quarantine] is a dataset in the local storage, by its name or folder, or one on the platform, by id, name or owner/name, with APIFY_TOKEN. Default: that of the Actor in this folder. The local storage is looked at first.

An item that fails again returns to quarantine with attempt + 1, and is tried again once schema, transform or repair has changed. Redriven records are remembered: a second run, also after a crash, sends nothing twice.`;

const EXIT_CODES = `
Exit codes:
  0    no item is left in quarantine, of those that were asked for
  1    items are left in quarantine, or something went wrong
  2    the command could not begin: arguments, files, schema or token
  130  stopped with Ctrl+C`;

export const REASONS = ['schema', 'too-large', 'not-an-object', 'not-serializable', 'rejected', 'duplicate'];

interface CommandOptions {
    dataset?: string;
    schema?: string;
    transform?: string;
    repair?: RepairOption;
    reason?: RedriveOptions['reason'];
    run?: string;
    since?: string;
    retry?: boolean;
    dryRun?: boolean;
    json?: boolean;
}

export function addRedrive(program: Command): void {
    program
        .command('redrive')
        .summary('bring items back from the quarantine')
        .description(DESCRIPTION)
        .argument('[quarantine]', 'where the records are')
        .option('-d, --dataset <name>', 'where the items go (default: where each was meant to go)')
        .option('-s, --schema <file>', "a dataset schema or a JSON Schema (default: the dataset's own)")
        .option(
            '-t, --transform <file>',
            'a module whose default export gets an item and returns it changed, or undefined to leave it',
        )
        .addOption(repairOption('repair items that fail, after the transform'))
        .addOption(
            new Option('--reason <reason>', 'only records with this reason (default: all but duplicates)').choices(
                REASONS,
            ),
        )
        .option('--run <id>', 'only records of this run; "last" is the run of the last record')
        .option('--since <date>', 'only records made at this time or later')
        .option('--retry', 'try items again that failed with the same schema, transform and repair')
        .option('--dry-run', 'say what would happen, with reasons and examples, and write nothing')
        .option('--json', 'print the result as JSON')
        .addHelpText('after', EXIT_CODES)
        .action(async (named: string | undefined, options: CommandOptions) => {
            process.exitCode = await redrive(named, options);
        });
}

async function redrive(named: string | undefined, options: CommandOptions): Promise<number> {
    const { repair, reason, since, retry, dryRun } = options;
    const { schema } = options.schema === undefined ? {} : await readSchemaFile(options.schema, process.cwd());
    const loaded = options.transform === undefined ? undefined : await loadTransform(options.transform);
    // Loaded where it is needed: the SDK takes a while.
    const { useStoragesOf } = await import('../apify/command-line.js');
    const { redriveQuarantine } = await import('../redrive/redrive-quarantine.js');
    const { hash } = await import('../redrive/fingerprint.js');

    const actorName = named === undefined ? await nameOfActor() : undefined;
    const { idOrName: quarantine, place } = await useStoragesOf(named, actorName);
    const run = options.run === 'last' ? await lastRunIn(quarantine) : options.run;
    const stop = stopOnSignal();
    const progress = new Progress();
    const preview = dryRun ? new RedrivePreview(changersOf(options)) : undefined;
    const { dataset } = options;
    const given = definedEntries({ quarantine, dataset, schema, repair, reason, run, since, retry, dryRun });
    // The second parameter is no part of the API.
    const start: (options: RedriveOptions, internals: object) => Promise<RedriveResult> = redriveQuarantine;
    const result = await start(
        {
            ...given,
            ...(loaded && { transform: loaded.transform }),
            signal: stop.signal,
            onProgress: ({ readRecords, storedItems, quarantinedItems }) =>
                progress.show(
                    () =>
                        `${count(readRecords, 'record')} read, ${storedItems} stored, ${quarantinedItems} in quarantine again`,
                ),
        },
        {
            log: logTo(progress),
            ...(loaded && { transformHash: hash(loaded.source) }),
            ...(preview && { onItem: preview.add.bind(preview) }),
        },
    ).finally(() => {
        progress.clear();
        stop.forget();
    });

    if (options.json) {
        printJson({ place, dryRun: dryRun ?? false, ...result });
    } else {
        print(oneLineEach(describe(result, dryRun ?? false)));
        if (preview !== undefined) print(preview.describe());
    }
    if (stop.signal.aborted) return EXIT.interrupted;
    return result.isComplete && leftItems(result) === 0 ? EXIT.fine : EXIT.failed;
}

/** Names the options that change items. */
function changersOf({ transform, repair }: CommandOptions): string {
    if (repair === undefined) return 'The transform';
    return transform === undefined ? 'The repair' : 'The transform and the repair';
}

/** Items that are in quarantine afterwards, but for those that were not asked for. */
function leftItems({ readRecords, skipped, storedItems }: RedriveResult): number {
    return readRecords - skipped.filtered - skipped.repeated - storedItems;
}

/**
 * The run of a quarantine's last record, those of items that a redrive has returned left out; `last`, which no run has as its id,
 * where no record names a run.
 */
async function lastRunIn(quarantine: string): Promise<string> {
    const { findDataset } = await import('../apify/redrive-storages.js');
    const dataset = await findDataset(quarantine);
    for (let offset = 0; ; offset += PAGE_RECORDS) {
        const page = { desc: true, offset, limit: PAGE_RECORDS, fields: ['actorRunId', 'redrive'] };
        const items: Partial<QuarantineRecord>[] = (await dataset?.getData(page))?.items ?? [];
        const last = items.find(({ actorRunId, redrive }) => actorRunId !== undefined && redrive === undefined);
        if (last !== undefined || items.length === 0) return last?.actorRunId ?? 'last';
    }
}

/** The Actor whose quarantine is meant where none is named. */
async function nameOfActor(): Promise<string> {
    const name = (await readLocalDefinition(process.cwd()))?.name;
    if (name !== undefined) return name;
    throw new UsageError('Name the quarantine: there is no .actor/actor.json here with the name of an Actor.');
}

function describe(result: RedriveResult, isDryRun: boolean): string {
    const { skipped, isComplete, problems } = result;
    const [stored, quarantined] = isDryRun
        ? ['would be stored', 'would return to quarantine']
        : ['stored', 'in quarantine again'];
    const why = Object.entries({
        'not asked for': skipped.filtered,
        'tried before with the same schema, transform and repair': skipped.unchanged,
        'left by the transform': skipped.byTransform,
        'without an item': skipped.withoutItem,
        'repeats of another record': skipped.repeated,
    }).filter(([, amount]) => amount > 0);
    const repaired = result.repairedItems > 0 ? `, ${number(result.repairedItems)} of them repaired` : '';
    return [
        `${count(result.readRecords, 'record')} read.`,
        `${number(result.storedItems)} ${stored}${repaired}, ${number(result.quarantinedItems)} ${quarantined}.`,
        `${number(result.skippedRecords)} skipped${why.length > 0 ? `: ${why.map(([words, amount]) => `${number(amount)} ${words}`).join(', ')}` : ''}.`,
        ...(result.failedRecords > 0 ? [`${number(result.failedRecords)} left because something went wrong:`] : []),
        ...problems.map((problem) => `    ${problem}`),
        ...(isComplete ? [] : ['Not all was read: run it again to go on.']),
        ...(isComplete && leftItems(result) > 0
            ? [
                  `${count(leftItems(result), 'item')} ${isDryRun ? 'would be' : leftItems(result) === 1 ? 'is' : 'are'} left in quarantine.`,
              ]
            : []),
    ].join('\n');
}

/** A problem may quote an item, or what the user's code has thrown. */
function oneLineEach(text: string): string {
    return text.split('\n').map(oneLine).join('\n');
}

/** The first Ctrl+C lets the batch that is under way come to its end; the second does not. */
function stopOnSignal(): { signal: AbortSignal; forget: () => void } {
    const controller = new AbortController();
    const onSignal = () => {
        if (controller.signal.aborted) process.exit(EXIT.interrupted);
        say('\nStopping after what is under way. Press Ctrl+C again to stop at once. Either way it can be run again.');
        controller.abort();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
    return {
        signal: controller.signal,
        forget: () => {
            for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
        },
    };
}

function logTo(progress: Progress): Log {
    const tell = (message: string, data?: Dictionary) => {
        progress.clear();
        say(data === undefined ? message : `${message} ${JSON.stringify(data)}`);
    };
    return { debug: () => undefined, info: tell, warning: tell, error: tell };
}

function definedEntries<T extends object>(value: T): T {
    return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
