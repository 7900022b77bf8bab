import { redriveCommand } from '../../quality/outcome.js';
import { plainText } from './path.js';
import type { ReportPage } from '../page.js';
import { link } from './link.js';
import type { Markup } from './markup.js';
import { html } from './markup.js';
import { isUnchecked, receivedOf } from './words.js';

/** Tells the reader how to go on. */
export function renderSteps(page: ReportPage): Markup | undefined {
    const steps = stepsOf(page);
    if (steps.length === 0) return undefined;
    return html`<section>
        <h2>What to do</h2>
        <ol class="steps">
            ${steps.map((step) => html`<li>${step}</li>`)}
        </ol>
    </section>`;
}

function stepsOf(page: ReportPage): Markup[] {
    const { kind, items, quarantine, rejectedItems, warnedItems = 0, isOpen, suggestions } = page;
    const steps: Markup[] = [];
    if ((items.unsentItems ?? 0) > 0) {
        steps.push(html`Start the run again (resurrect it): its next start sends the items that are saved with it.`);
    }
    if (kind === 'run' && !isOpen && receivedOf(items) === 0) {
        steps.push(html`Look at the input, the start pages and the log: no item was pushed.`);
    }
    if (warnedItems > 0) {
        steps.push(
            html`Correct the scraper or the schema: with <code>mode: 'warn'</code> items are stored although they fail.`,
        );
    }
    if (isUnchecked(page)) {
        steps.push(
            html`Describe the items in <code>.actor/dataset_schema.json</code>, in <code>fields</code>: without a schema
                no item is checked here. This command makes one of items that you have:
                <pre>${plainText(`npx apify-dataset-guard infer ${sourceOf(page)} --write`, 300)}</pre>`,
        );
    }
    if (kind === 'check' && rejectedItems > 0) {
        steps.push(
            html`Correct the code that makes the items, or the schema; <code>check --failed</code> writes the failing
                items to a file.`,
        );
    }
    if (kind !== 'check' && rejectedItems > 0 && quarantine !== undefined) {
        steps.push(
            html`Look at the items in ${link(quarantine.url, html`<bdi>${quarantine.name}</bdi>`)}, and correct the
            scraper or the schema.`,
            ...(suggestions === undefined
                ? [
                      html`See which changes of the schema would let them in, and which repairs would mend them.
                          <pre>${plainText(`npx apify-dataset-guard suggest ${quarantine.name}`, 300)}</pre>`,
                  ]
                : []),
            html`Bring the items back. <code>--dry-run</code> says first what would happen;
                <code>--transform file.js</code> changes the items on their way.
                <pre>${plainText(redriveCommand(quarantine.name), 300)}</pre>`,
        );
    }
    return steps;
}

/** Where items are of which a schema can be made, as the command line takes it. */
function sourceOf({ kind, subject, facts = [] }: ReportPage): string {
    const dataset = facts.find(({ name }) => name === 'Dataset')?.value;
    return (kind === 'check' ? subject : dataset) ?? '<dataset>';
}
