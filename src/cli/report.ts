import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { Command } from 'commander';

import type { QuarantineRecord } from '../records.js';
import { SeenRecords } from '../redrive/seen-records.js';
import { renderReportPage } from '../report/html/render.js';
import { ReasonCounts } from '../report/reasons.js';
import { libraryVersion } from '../report/version.js';
import { EXIT, EXIT_CODES_HELP, UsageError } from './exit-codes.js';
import { openNamedSource } from './named-source.js';
import { count, print, printJson, Progress } from './terminal.js';

const DESCRIPTION = `Writes a page that shows what is in a quarantine, and why.

<source> is a quarantine: a dataset in the local storage, by its name or folder, one on the platform, by id, name or
owner/name, with APIFY_TOKEN, or a file of its records, .json or .jsonl, gzip or not, or - for standard input.

A record that was written twice counts once.`;

const DEFAULT_FILE = 'dataset-guard-report.html';

interface ReportOptions {
    out: string;
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
        .option('--no-samples', 'show no values of items')
        .option('--json', 'print the reasons as JSON')
        .addHelpText('after', EXIT_CODES_HELP)
        .action(async (named: string, options: ReportOptions) => {
            process.exitCode = await report(named, options);
        });
}

async function report(named: string, options: ReportOptions): Promise<number> {
    const source = await openNamedSource(named);
    const counts = new ReasonCounts(options.samples);
    const progress = new Progress();
    const seen = new SeenRecords();
    let [read, records] = [0, 0];
    try {
        for await (const record of source.items()) {
            if (!isRecord(record)) {
                throw new UsageError(`${source.name} is no quarantine: its item ${read} is no quarantine record.`);
            }
            progress.show(() => `${count(read, 'record')} read`);
            if (seen.note(record, read++) !== undefined) continue;
            records++;
            counts.countRecord(record);
        }
    } finally {
        progress.clear();
    }
    const page = renderReportPage({
        kind: 'quarantine',
        subject: source.name,
        items: { quarantinedItems: records },
        rejectedItems: counts.rejectedItems,
        reasons: counts.details(),
        writtenAt: new Date().toISOString(),
        version: libraryVersion(),
    });
    const out = resolve(options.out);
    await writeFile(out, page).catch((error: NodeJS.ErrnoException) => {
        throw new UsageError(`${options.out} cannot be written (${error.code}).`);
    });
    if (options.json) printJson({ source: source.name, records, reasons: counts.list(), page: out });
    else print(`${source.name}: ${count(records, 'record')}. The page is ${out}`);
    return EXIT.fine;
}

function isRecord(value: unknown): value is QuarantineRecord {
    const { reason, errors } = (value ?? {}) as Partial<QuarantineRecord>;
    return typeof reason === 'string' && Array.isArray(errors);
}
