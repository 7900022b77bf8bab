// Runs an Actor that uses the package, as it would be published, with the oldest and the newest SDK and Crawlee on each Node.js that is
// supported, and installed by pnpm without hoisting. Downloads all of them: `node scripts/versions.mjs [name …]`; names are those that
// it prints. `npm run build` comes before.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { checked, installPackage, packPackage } from './support/install-package.mjs';

const OLDEST = ['apify@3.7.0', '@crawlee/cheerio@3.14.1', '@crawlee/core@3.14.1'];
const NEWEST = ['apify@3', '@crawlee/cheerio@3'];
const NODES = ['20', '22', '24'];
const CASES = [
    ...NODES.flatMap((node) => [
        { name: `node-${node}-oldest`, node, packages: OLDEST },
        { name: `node-${node}-newest`, node, packages: NEWEST },
    ]),
    { name: 'pnpm-newest', packages: NEWEST, installer: 'pnpm' },
];

/** The guard in its three places; an item of each page fails. */
const ACTOR = `
import { Actor } from 'apify';
import { CheerioCrawler, createCheerioRouter } from '@crawlee/cheerio';
import { DatasetGuard } from 'apify-dataset-guard';

await Actor.init();
const { site } = await Actor.getInput();
const guard = await DatasetGuard.open();
await guard.pushData([{ n: 1 }, { n: 'one' }]);

const router = createCheerioRouter();
router.addDefaultHandler(async ({ $, pushData }) => pushData([{ n: Number($('h1').text()) }, { n: $('h1').text() }]));
await new CheerioCrawler({ requestHandler: guard.handler(router) }).run([site + '/2']);

guard.install();
await new CheerioCrawler({ requestHandler: router }).run([site + '/3']);
await Actor.pushData({ n: 4 });
console.log('Node.js ' + process.version);
await Actor.exit();
`;
const FIELDS = { type: 'object', properties: { n: { type: 'integer' } } };

const wanted = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'guard-versions-'));
const site = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<h1>${request.url.slice(1)}</h1>`);
}).listen(0, '127.0.0.1');
await new Promise((resolve) => {
    site.once('listening', resolve);
});
let failures = 0;
try {
    for (const oneCase of CASES) {
        if (wanted.length > 0 && !wanted.includes(oneCase.name)) continue;
        const outcome = await tryOut(oneCase).catch(String);
        if (!outcome.startsWith('ok')) failures += 1;
        console.log(`${oneCase.name.padEnd(16)} ${outcome}`);
    }
} finally {
    site.close();
    rmSync(work, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);

async function tryOut({ name, node, packages, installer }) {
    const project = join(work, name);
    if (installer === 'pnpm') installWithPnpm(project, packages);
    // The npm package `node` has the binary of that version.
    else installPackage(project, { packages: [...packages, `node@${node}`], packageJson: { type: 'module' } });
    writeFileSync(join(project, 'main.js'), ACTOR);
    const testing = join(project, 'node_modules/apify-dataset-guard/dist/testing/index.js');
    const { startPlatform } = await import(pathToFileURL(testing).href);
    const input = { site: `http://127.0.0.1:${site.address().port}` };
    const platform = await startPlatform({ schema: FIELDS, input, cwd: project });
    try {
        const nodePath = node === undefined ? process.execPath : join(project, 'node_modules/node/bin/node');
        const output = await runWith(nodePath, project, platform);
        assert.deepEqual(platform.items(), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }], output);
        assert.equal(platform.quarantine().length, 3, output);
        assert.doesNotMatch(output, /WARN.*(is installed, but|Two copies)/, output);
        return `ok, ${/Node\.js v\S+/.exec(output)?.[0]}`;
    } finally {
        await platform.close();
    }
}

async function runWith(nodePath, cwd, platform) {
    const child = spawn(nodePath, ['main.js'], { cwd, env: { PATH: process.env.PATH, ...platform.env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text) => (output += text));
    const exitCode = await new Promise((resolve) => {
        child.once('close', resolve);
    });
    assert.equal(exitCode, 0, output);
    return output;
}

function installWithPnpm(project, packages) {
    mkdirSync(project, { recursive: true });
    const dependencies = Object.fromEntries(
        packages.map((name) => [name.replace(/@[^@]+$/, ''), /[^@]+$/.exec(name)[0]]),
    );
    const manifest = {
        name: 'user',
        private: true,
        type: 'module',
        dependencies: { ...dependencies, 'apify-dataset-guard': `file:${packPackage(work)}` },
    };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    checked('npx', ['--yes', 'pnpm@10', 'install', '--config.hoist=false', '--silent'], project);
}
