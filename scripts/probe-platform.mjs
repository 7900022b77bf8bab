// Asks the Apify platform what its documentation leaves open, by sending a few valid and invalid items to a dataset with a schema.
// See docs/probe-platform.md: how to run it, and where to report what it prints.
import { parseArgs } from 'node:util';

import { Api } from './probe/api.mjs';
import { QUESTIONS } from './probe/questions.mjs';
import { PROBE_SCHEMA } from './probe/schema.mjs';

const HELP = `Usage: APIFY_TOKEN=… node scripts/probe-platform.mjs [options]

Makes a dataset with a schema, asks the platform its questions with it, prints the answers, and deletes the dataset.

Options:
  --dataset <id>  ask with this dataset, whose schema must be the one that --schema prints; it is not deleted
  --schema        print that schema
  --no-large      do not send the requests of 5 to 9.4 MB
  --json          print the answers as JSON
  --help          print this text

Exit codes: 0 all questions were asked; 1 a question failed, or the dataset enforces no schema; 2 wrong usage.`;

const { values: options } = parse();
const print = (text) => process.stdout.write(`${text}\n`);

if (options.help) {
    print(HELP);
} else if (options.schema) {
    print(JSON.stringify(PROBE_SCHEMA, null, 4));
} else {
    await main();
}

async function main() {
    const token = process.env.APIFY_TOKEN;
    if (!token)
        fail('APIFY_TOKEN is not set. Copy your token from Settings → API & Integrations of the Apify Console.');
    const api = new Api({ baseUrl: process.env.APIFY_API_BASE_URL ?? 'https://api.apify.com', token });
    const dataset = options.dataset ?? (await createDataset(api));
    try {
        await assertEnforced(api, dataset);
        const answers = await askAll(api, dataset);
        if (options.json) print(JSON.stringify(answers, null, 4));
    } finally {
        if (options.dataset === undefined) await api.call('DELETE', `datasets/${dataset}`);
    }
}

async function createDataset(api) {
    const name = `dataset-guard-probe-${Date.now()}`;
    const { status, body } = await api.call('POST', `datasets?name=${name}`, { schema: PROBE_SCHEMA });
    if (status >= 300) fail(`No dataset could be made: ${status} ${body?.error?.message ?? ''}`);
    return body.data.id;
}

async function assertEnforced(api, dataset) {
    const { status, body } = await api.push(dataset, [{ n: 'no integer' }]);
    if (status === 400) return;
    const what =
        status === 201 ? 'accepts an item that fails the schema' : `answers ${status} ${body?.error?.message ?? ''}`;
    throw new Error(
        `Dataset ${dataset} ${what}. Make an Actor with the schema that --schema prints as its dataset schema, run it once, and ` +
            "give the id of the run's default dataset: --dataset <id>.",
    );
}

async function askAll(api, dataset) {
    const countItems = async () => (await api.call('GET', `datasets/${dataset}`)).body.data.itemCount;
    // Counted here, because the platform's own counts come late.
    const stored = { items: await countItems() };
    const context = {
        isLargeAllowed: options['no-large'] !== true,
        stored,
        countItems,
        push: async (items) => {
            const answer = await api.push(dataset, items);
            if (answer.status === 201) stored.items += Array.isArray(items) ? items.length : 1;
            return answer;
        },
        list: async (limit) => {
            const { headers, body } = await api.call('GET', `datasets/${dataset}/items?desc=1&limit=${limit}`);
            return { items: body, total: Number(headers.get('x-apify-pagination-total')) };
        },
    };
    const answers = { askedAt: new Date().toISOString() };
    for (const [question, ask] of QUESTIONS) {
        const lines = [await ask(context)].flat();
        answers[question] = lines;
        if (!options.json) print([question, ...lines.map((line) => `    ${line}`)].join('\n'));
    }
    return answers;
}

function parse() {
    try {
        return parseArgs({
            options: {
                'dataset': { type: 'string' },
                'schema': { type: 'boolean' },
                'no-large': { type: 'boolean' },
                'json': { type: 'boolean' },
                'help': { type: 'boolean' },
            },
        });
    } catch (error) {
        return fail(`${error.message}\n\n${HELP}`);
    }
}

function fail(message) {
    process.stderr.write(`${message}\n`);
    process.exit(2);
}
