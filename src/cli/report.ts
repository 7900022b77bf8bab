import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';
import { Option } from 'commander';

import { SchemaNames } from '../quality/schema-names.js';
import { SchemaLoadError } from '../errors.js';
import type { ItemSchema } from '../ports.js';
import { ReasonCounts } from '../quality/reasons.js';
import type { QuarantineReason, QuarantineRecord } from '../records.js';
import { isQuarantineRecord } from '../records.js';
import { SeenRecords } from '../redrive/seen-records.js';
import { renderReportPage } from '../report/html/render.js';
import { libraryVersion } from '../report/version.js';
import { number } from '../utils/format.js';
import { loadSchema } from '../schema/schema-file.js';
import { EXIT, EXIT_CODES_HELP, UsageError } from './exit-codes.js';
import { FieldSuggestions } from './field-suggestions.js';
import { openNamedSource } from './named-source.js';
import { refuseToOverwrite } from './output-file.js';
import { REASONS } from './redrive.js';
import { openRedriven } from './redriven.js';
import { count, oneLine, print, printJson, Progress } from './terminal.js';

const DESCRIPTION = `Writes a page that shows what is in a quarantine, and why.

<source> is a quarantine: a dataset in the local storage, by its name or folder, one on the platform, by id, name or owner/name, with APIFY_TOKEN, or a file of its records, .json or .jsonl, gzip or not, or - for standard input.

Records that were redriven are not counted, where the source is a dataset. A record that was written twice counts once.`;

const DEFAULT_FILE = 'dataset-guard-report.html';

interface ReportOptions {
    out: string;
    schema?: string;
    reason?: QuarantineReason;
    run?: string;
    since?: Date;
    json?: boolean;
    samples: boolean;
}

export function addReport(program: Command): void {
    program
        .command('report')
        .summary('write a page that shows a quarantine')
        .description(DESCRIPTION)
        .argument('<source>', 'where the records are')
        .option('-o, --out <file>', 'the page', DEFAULT_FILE)
        .option(
            '-s, --schema <file>',
            'suggest changes of this schema, and repairs (default: that of .actor/ in this folder)',
        )
        .addOption(new Option('--reason <reason>', 'only records with this reason').choices(REASONS))
        .option('--run <id>', 'only records of this run; "last" is the run of the last record')
        .option('--since <date>', 'only records made at this time or later', parseDate)
        .option('--no-samples', 'show no values of items')
        .option('--json', 'print the reasons as JSON')
        .addHelpText('after', EXIT_CODES_HELP)
        .action(async (named: string, options: ReportOptions) => {
            process.exitCode = await report(named, options);
        });
}

async function report(named: string, options: ReportOptions): Promise<number> {
    await refuseToOverwrite('--out', options.out, [named, options.schema]);
    const schema = await loadSchemaIfAny(options.schema);
    const source = await openNamedSource(named);
    const isRedriven = await openRedriven(source, named);
    /** By run where the last one is asked for: which it is is known at the end. */
    const quarantines = new Map<string | undefined, QuarantineOfRun>();
    const ofRun = (run: string | undefined) => {
        const known = quarantines.get(run) ?? new QuarantineOfRun(schema, options.samples);
        quarantines.set(run, known);
        return known;
    };
    const progress = new Progress();
    let lastRun: string | undefined;
    const seen = new SeenRecords();
    let [read, redriven, repeated] = [0, 0, 0];
    try {
        for await (const record of source.items()) {
            const position = read++;
            if (!isQuarantineRecord(record)) {
                throw new UsageError(`${source.name} is no quarantine: its item ${position} is no quarantine record.`);
            }
            // Records that a redrive has returned lie behind those of later runs.
            if (record.redrive === undefined) lastRun = record.actorRunId ?? lastRun;
            const run = options.run === 'last' ? record.actorRunId : options.run;
            if (seen.note(record, position) !== undefined) repeated++;
            else if (isRedriven(position)) redriven++;
            else if (isAskedFor(record, { ...options, run })) await ofRun(run).add(record);
            progress.show(() => `${count(read, 'record')} read`);
        }
    } finally {
        progress.clear();
    }
    const run = options.run === 'last' ? lastRun : options.run;
    const { counts, suggestions } = ofRun(run);
    const records = counts.rejectedItems;
    const filtered = read - redriven - repeated - records;
    const page = renderReportPage({
        kind: 'quarantine',
        subject: source.name,
        items: { quarantinedItems: records },
        rejectedItems: records,
        reasons: counts.details(),
        suggestions: await suggestions?.list(),
        ...(source.isDataset && { quarantine: { name: named } }),
        facts: run === undefined ? [] : [{ name: 'Run', value: run }],
        writtenAt: new Date().toISOString(),
        version: libraryVersion(),
    });
    const out = resolve(options.out);
    await writeFile(out, page).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${options.out} cannot be written (${error.code}).`);
    });
    if (options.json) {
        printJson({ source: source.name, records, redriven, filtered, reasons: counts.list(), page: out });
    } else {
        const left = [
            ...(redriven > 0 ? [`${number(redriven)} redriven`] : []),
            ...(filtered > 0 ? [`${number(filtered)} not asked for`] : []),
        ];
        const others = left.length === 0 ? '' : ` (besides ${left.join(', ')})`;
        print(`${oneLine(source.name)}: ${count(records, 'record')}${others}. The page is ${out}`);
    }
    return EXIT.fine;
}

function isAskedFor(
    record: QuarantineRecord,
    { reason, run, since }: Pick<ReportOptions, 'reason' | 'run' | 'since'>,
): boolean {
    if (reason !== undefined && record.reason !== reason) return false;
    if (run !== undefined && record.actorRunId !== run) return false;
    return since === undefined || Date.parse(record.quarantinedAt) >= since.getTime();
}

/** Counts of the records of one run, or of all. */
class QuarantineOfRun {
    readonly counts: ReasonCounts;
    readonly suggestions: FieldSuggestions | undefined;

    constructor(schema: ItemSchema | undefined, samples: boolean) {
        this.counts = new ReasonCounts({ samples, names: new SchemaNames(schema?.json) });
        this.suggestions = schema && new FieldSuggestions(schema, samples);
    }

    async add(record: QuarantineRecord): Promise<void> {
        this.counts.countRecord(record);
        if ('item' in record) await this.suggestions?.add(record.item);
    }
}

/** A page needs no schema: without a file that is named, that of the Actor in this folder is taken where there is one. */
async function loadSchemaIfAny(file: string | undefined): Promise<ItemSchema | undefined> {
    const log = { debug: () => undefined, info: () => undefined, warning: () => undefined, error: () => undefined };
    try {
        return (await loadSchema(file, process.cwd(), log)).schema;
    } catch (error) {
        if (file === undefined && error instanceof SchemaLoadError) return undefined;
        throw error;
    }
}

function parseDate(text: string): Date {
    const date = new Date(text);
    if (!Number.isNaN(date.getTime())) return date;
    throw new UsageError('--since must be a date, such as 2026-01-31T12:00:00Z.');
}
