import { resolve } from 'node:path';

import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';

import type { RepairOption } from '../pipeline/repair/options.js';
import { resolveRepair } from '../pipeline/repair/options.js';
import { expectedPaths } from '../quality/expectations.js';
import { loadSchema } from '../schema/schema-file.js';
import { number } from '../utils/format.js';
import { printResult, toJson, writePage } from './check-output.js';
import type { CheckResult } from './check-run.js';
import { runCheck } from './check-run.js';
import { judgeCheck, readExpectFile } from './check-verdict.js';
import { EXIT, EXIT_CODES_HELP, UsageError } from './exit-codes.js';
import { FieldSuggestions } from './field-suggestions.js';
import { openItemFile } from './item-file.js';
import { openNamedSource, SOURCE_HELP } from './named-source.js';
import { refuseToOverwrite } from './output-file.js';
import { openRedriven } from './redriven.js';
import { repairOption } from './repair-option.js';
import { coloured, count, print, printJson, Progress, say } from './terminal.js';

const DESCRIPTION = `Says which items a guard would reject, before anything runs. Sends nothing.

${SOURCE_HELP}

Where the source is a quarantine, the items in its records are checked, without those that a redrive has brought back.`;

/** Without a limit of the user's own the first line says it. */
const SOME_FAIL = 'Some items fail.';

interface CheckOptions {
    schema?: string;
    repair?: RepairOption;
    failed?: string;
    maxFailed: Limit;
    minItems: number;
    expect?: string;
    html?: string;
    json?: boolean;
    samples: boolean;
}

/** A number of items, or a share of them. */
type Limit = { items: number } | { percent: number };

export function addCheck(program: Command): void {
    program
        .command('check')
        .summary('say which items would be rejected')
        .description(DESCRIPTION)
        .argument('<source>', 'where the items are')
        .option('-s, --schema <file>', 'a dataset schema or a JSON Schema (default: that of .actor/ in this folder)')
        .addOption(repairOption('say what this repair would save'))
        .option('-f, --failed <file>', 'write the failing items there, as JSON Lines')
        .addOption(
            new Option('--max-failed <limit>', 'number or share of items that may fail, such as 10 or 1%')
                .argParser(parseLimit)
                .default({ items: 0 }, '0'),
        )
        .option('--min-items <count>', 'number of items that must be there', parseCount, 1)
        .option('-e, --expect <file>', 'what the data must look like: JSON such as {"filled": {"price": 0.95}}')
        .option('--html <file>', 'write a page that shows the result')
        .option('--no-samples', 'show no values of items')
        .option('--json', 'print the result as JSON')
        .addHelpText('after', EXIT_CODES_HELP)
        .action(async (named: string, options: CheckOptions) => {
            process.exitCode = await check(named, options);
        });
}

async function check(named: string, options: CheckOptions): Promise<number> {
    if (
        options.failed !== undefined &&
        options.html !== undefined &&
        resolve(options.failed) === resolve(options.html)
    ) {
        throw new UsageError(`--failed and --html both name ${options.html}. Name two files.`);
    }
    const reads = [named, options.schema, options.expect];
    await refuseToOverwrite('--failed', options.failed, reads);
    await refuseToOverwrite('--html', options.html, reads);
    const log = { debug: () => undefined, info: () => undefined, warning: say, error: say };
    const { schema, reason, remedy } = await loadSchema(options.schema, process.cwd(), log);
    const expectations = options.expect === undefined ? undefined : await readExpectFile(options.expect);
    const source = await openNamedSource(named);
    const suggestions = options.html === undefined ? undefined : new FieldSuggestions(schema, options.samples);
    const failedFile = options.failed === undefined ? undefined : await openItemFile(options.failed);
    const progress = new Progress();
    const result = await runCheck(source, {
        schema,
        samples: options.samples,
        repair: resolveRepair(options.repair),
        paths: expectedPaths(expectations),
        openRedriven: async () => openRedriven(source, named),
        onFailing: async (item) => {
            await suggestions?.add(item);
            await failedFile?.write(item);
        },
        onItem: ({ checkedItems, failedItems }) =>
            progress.show(() => {
                const share = source.progress();
                const percent = share === undefined ? '' : ` (${Math.floor(share * 100)} %)`;
                return `${count(checkedItems, 'item')} checked${percent}, ${number(failedItems)} fail`;
            }),
    }).finally(async () => {
        progress.clear();
        await failedFile?.close();
    });

    const unchecked = reason === undefined ? undefined : `${reason}. ${remedy}`;
    const verdict = judgeCheck(result, expectations);
    if (options.html !== undefined) {
        const used = schema ?? { reason: unchecked };
        await writePage(options.html, source.name, used, result, verdict, await suggestions?.list());
    }
    const problem = problemOf(result, options);
    if (options.json) {
        printJson(toJson(source.name, schema, result, verdict));
    } else {
        printResult(source.name, schema, unchecked, result, verdict, options);
        if (problem !== undefined && problem !== SOME_FAIL) print(coloured('bad', problem));
    }
    return problem === undefined && verdict.outcome !== 'failed' ? EXIT.fine : EXIT.failed;
}

/** Why the result is no success, apart from expectations. */
function problemOf(
    { checkedItems, failedItems }: CheckResult,
    { maxFailed, minItems }: CheckOptions,
): string | undefined {
    if (checkedItems < minItems) {
        return `Too few items: ${number(checkedItems)}; expected at least ${number(minItems)}. --min-items changes that.`;
    }
    const [failed, limit, allowed] =
        'items' in maxFailed
            ? [failedItems, maxFailed.items, number(maxFailed.items)]
            : [failedItems / Math.max(1, checkedItems), maxFailed.percent / 100, `${maxFailed.percent} %`];
    if (failed <= limit) return undefined;
    if (limit === 0) return SOME_FAIL;
    return `Too many items fail: ${number(failedItems)}; at most ${allowed} may.`;
}

function parseLimit(text: string): Limit {
    const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text);
    if (percent !== null && Number(percent[1]) <= 100) return { percent: Number(percent[1]) };
    if (/^\d+$/.test(text)) return { items: Number(text) };
    throw new InvalidArgumentError('Expected a number of items such as 10, or a share such as 1%.');
}

function parseCount(text: string): number {
    if (/^\d+$/.test(text)) return Number(text);
    throw new InvalidArgumentError('Expected a whole number, 0 or more.');
}
