import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';

import { Actor } from 'apify';

import { DatasetGuard } from '../../src/index.js';
import { startApiServer } from '../../test/support/api-server.js';
import { platformEnv } from '../../test/support/platform-env.js';

type Coverage = Profiler.TakePreciseCoverageReturnType;

/** The functions that were entered, and how often. */
interface Trace {
    functionEntries: number;
    functions: number;
    /** By file, then by function. */
    files: Record<string, Record<string, number>>;
}

const LIBRARY = new URL('../../src/', import.meta.url).href;
/** The support server runs in this process. */
const SERVER = new URL('testing/', LIBRARY).href;
/** V8's name for what initializes the fields of a class. */
const CLASS_FIELDS = '<instance_members_initializer>';
const FIELDS = { type: 'object', required: ['n'], properties: { n: { type: 'number' } } };
const { values: options } = parseArgs({ options: { functions: { type: 'boolean' }, json: { type: 'boolean' } } });

const server = await startApiServer({ dataset: { schema: { actorSpecification: 1, fields: FIELDS } } });
Object.assign(process.env, platformEnv(server));
await Actor.init();
const guard = await DatasetGuard.open({ ack: 'stored' });
await guard.pushData([{ n: 1 }, { n: 'fails' }]);
const session = new Session();
session.connect();
await session.post('Profiler.enable');

const items = { valid: await follow({ n: 2 }), rejected: await follow({ n: 'fails, too' }) };
if (options.json === true) console.log(JSON.stringify(items, undefined, 4));
else {
    for (const [name, { toRequest, settling }] of Object.entries(items)) {
        print(`${name}, from pushData to the request`, toRequest);
        print(`${name}, settling`, settling);
    }
}
await guard.close();
await Actor.exit({ exit: false });
await server.close();

/** Counts the calls of the library's functions until the server gets the item's request, and from then on. */
async function follow(item: object): Promise<{ toRequest: Trace; settling: Trace }> {
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    let toRequest: Promise<Coverage> | undefined;
    // Counts begin anew when they are taken. An inspector session answers at once, so nothing of the server has run yet.
    const onRequest = (message: unknown): void => {
        const { method, url } = (message as { request: IncomingMessage }).request;
        if (method === 'POST' && /\/datasets\/[^/]+\/items/.test(url ?? '')) {
            unsubscribe('http.server.request.start', onRequest);
            toRequest = session.post('Profiler.takePreciseCoverage');
        }
    };
    subscribe('http.server.request.start', onRequest);
    await guard.pushData(item);
    const settling = await session.post('Profiler.takePreciseCoverage');
    await session.post('Profiler.stopPreciseCoverage');
    return { toRequest: traceOf(await toRequest!), settling: traceOf(settling) };
}

function traceOf({ result }: Coverage): Trace {
    const trace: Trace = { functionEntries: 0, functions: 0, files: {} };
    for (const { url, functions } of result) {
        const isOfLibrary = url.startsWith(LIBRARY) && !url.startsWith(SERVER);
        if (!isOfLibrary) continue;
        const file = url.slice(LIBRARY.length).replace(/\.js$/, '');
        for (const { functionName, ranges } of functions) {
            const { count } = ranges[0]!;
            // Callbacks without a name are part of the function around them; modules and class fields are no functions.
            if (functionName === '' || functionName === CLASS_FIELDS || count === 0) continue;
            trace.functionEntries += count;
            trace.functions++;
            const entered = (trace.files[file] ??= {});
            entered[functionName] = (entered[functionName] ?? 0) + count;
        }
    }
    return trace;
}

function print(title: string, { functionEntries, functions, files }: Trace): void {
    console.log(
        `${title}: ${functionEntries} function entries (${functions} functions) in ${Object.keys(files).length} files`,
    );
    const entriesOf = (entered: Record<string, number>) =>
        Object.values(entered).reduce((sum, count) => sum + count, 0);
    for (const [file, entered] of Object.entries(files).sort(([, a], [, b]) => entriesOf(b) - entriesOf(a))) {
        console.log(`  ${entriesOf(entered)}  ${file}`);
        if (options.functions !== true) continue;
        for (const [name, count] of Object.entries(entered)) console.log(`      ${count}  ${name}`);
    }
}
