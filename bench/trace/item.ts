import { Session } from 'node:inspector/promises';

import { Actor } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import { startApiServer } from '../../test/support/api-server.js';
import { platformEnv } from '../../test/support/platform-env.js';

interface Trace {
    functionEntries: number;
    functions: number;
    files: Record<string, number>;
}

const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
Object.assign(process.env, platformEnv(server));
await Actor.init();
const guard = await DatasetGuard.open({ ack: 'stored' });
await guard.pushData([{ n: 1 }, { n: 'fails' }]);
const session = new Session();
session.connect();
await session.post('Profiler.enable');

const traces = { valid: await trace({ n: 2 }), rejected: await trace({ n: 'fails, too' }) };
if (process.argv.includes('--json')) console.log(JSON.stringify(traces, undefined, 4));
else {
    for (const [name, { functionEntries, functions, files }] of Object.entries(traces)) {
        console.log(
            `${name}: ${functionEntries} function entries (${functions} functions) in ${Object.keys(files).length} files`,
        );
        for (const [file, entries] of Object.entries(files).sort((a, b) => b[1] - a[1]))
            console.log(`  ${entries}  ${file}`);
    }
}
await guard.close();
await Actor.exit({ exit: false });
await server.close();

/** Counts the calls of the library's functions while the item is pushed. */
async function trace(item: object): Promise<Trace> {
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    await guard.pushData(item);
    const { result } = await session.post('Profiler.takePreciseCoverage');
    await session.post('Profiler.stopPreciseCoverage');
    const trace: Trace = { functionEntries: 0, functions: 0, files: {} };
    for (const { url, functions } of result) {
        const file = /\/src\/(.+)\.js$/.exec(url)?.[1];
        if (file === undefined || url.includes('/node_modules/apify')) continue;
        // The module itself and class fields have no name.
        const entered = functions.filter(({ functionName, ranges }) => functionName !== '' && ranges[0]!.count > 0);
        const entries = entered.reduce((sum, { ranges }) => sum + ranges[0]!.count, 0);
        if (entries === 0) continue;
        trace.functionEntries += entries;
        trace.functions += entered.length;
        trace.files[file] = entries;
    }
    return trace;
}
