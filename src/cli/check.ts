import type { Command } from 'commander';

import { checkItems } from './check-items.js';
import { loadSchema } from '../schema/schema-file.js';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.js';
import { openNamedSource, SOURCE_HELP } from './named-source.js';
import { reasonsTable } from './reasons-table.js';
import { count, print, printJson, Progress, say } from './terminal.js';

const DESCRIPTION = `Says which items a guard would reject, before anything runs. Sends nothing.

${SOURCE_HELP}`;

interface CheckOptions {
    schema?: string;
    json?: boolean;
    samples: boolean;
}

export function addCheck(program: Command): void {
    program
        .command('check')
        .summary('say which items would be rejected')
        .description(DESCRIPTION)
        .argument('<source>', 'where the items are')
        .option('-s, --schema <file>', 'a dataset schema or a JSON Schema (default: that of .actor/ in this folder)')
        .option('--no-samples', 'show no values of items')
        .option('--json', 'print the result as JSON')
        .addHelpText('after', EXIT_CODES_HELP)
        .action(async (named: string, options: CheckOptions) => {
            process.exitCode = await check(named, options);
        });
}

async function check(named: string, options: CheckOptions): Promise<number> {
    const log = { debug: () => undefined, info: () => undefined, warning: say, error: say };
    const { schema, reason, remedy } = await loadSchema(options.schema, process.cwd(), log);
    const source = await openNamedSource(named);
    const progress = new Progress();
    const result = await checkItems(source.items(), schema, {
        samples: options.samples,
        onItem: ({ checkedItems, failedItems }) =>
            progress.show(() => {
                const share = source.progress();
                const percent = share === undefined ? '' : ` (${Math.floor(share * 100)} %)`;
                return `${count(checkedItems, 'item')} checked${percent}, ${failedItems.toLocaleString('en-US')} fail`;
            }),
    }).finally(() => progress.clear());

    if (reason !== undefined) {
        say(
            `Items were not checked: ${reason}. ${remedy}. ` +
                `To make a schema of these items: npx apify-dataset-guard infer ${named} --write`,
        );
    }
    if (options.json) {
        printJson({ source: source.name, schema: schema && { source: schema.source, hash: schema.hash }, ...result });
    } else {
        const { checkedItems, failedItems, reasons } = result;
        const against = schema === undefined ? '' : `, with the schema of ${schema.source}`;
        print(
            `${source.name}: ${failedItems.toLocaleString('en-US')} of ${count(checkedItems, 'item')} ${failedItems === 1 ? 'fails' : 'fail'}${against}.`,
        );
        if (reasons.length > 0) print(`\n${reasonsTable(reasons)}`);
    }
    return result.failedItems > 0 ? EXIT.failed : EXIT.fine;
}
