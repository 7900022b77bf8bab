// Compiles programs that use the package's types, as it would be published, with several versions of TypeScript and several settings.
// Downloads the compilers: `node scripts/types.mjs [5.4 latest …]`. `npm run build` comes before.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installPackage, ROOT } from './support/install-package.mjs';

const wanted = process.argv.slice(2);
const VERSIONS = wanted.length > 0 ? wanted : ['5.4', '5.6', '5.9', 'latest'];
const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const BASE = {
    target: 'ES2022',
    lib: ['ES2022', 'ESNext.Disposable'],
    strict: true,
    noEmit: true,
    types: ['node'],
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
};
const NODE_NEXT = { module: 'NodeNext', moduleResolution: 'NodeNext' };
const NODE_16 = { module: 'Node16', moduleResolution: 'Node16' };
const BUNDLER = { module: 'ESNext', moduleResolution: 'bundler' };

/** Each with what the user has installed, and which of his files are compiled. */
const CASES = [
    { name: 'nodenext, without crawlee', project: 'alone', files: ['user.ts'], options: NODE_NEXT },
    { name: 'bundler, without crawlee', project: 'alone', files: ['user.ts'], options: BUNDLER },
    { name: 'node16 from CommonJS, without crawlee', project: 'alone', files: ['user.cts'], options: NODE_16 },
    {
        name: 'nodenext, with @crawlee/cheerio',
        project: 'cheerio',
        files: ['user.ts', 'user-cheerio.ts'],
        options: NODE_NEXT,
    },
    { name: 'bundler, with @crawlee/cheerio', project: 'cheerio', files: ['user-cheerio.ts'], options: BUNDLER },
    {
        name: 'nodenext, with @crawlee/cheerio, not exact',
        project: 'cheerio',
        files: ['user.ts', 'user-cheerio.ts'],
        options: { ...NODE_NEXT, exactOptionalPropertyTypes: false, skipLibCheck: true },
    },
];
const PACKAGES = { alone: ['apify'], cheerio: ['apify', '@crawlee/cheerio'] };

const work = mkdtempSync(join(tmpdir(), 'guard-types-'));
let failures = 0;
try {
    const compilers = VERSIONS.map((version) => `typescript-${version}@npm:typescript@${version}`);
    for (const [project, packages] of Object.entries(PACKAGES)) {
        const folder = join(work, project);
        installPackage(folder, {
            packages: [...packages, `@types/node@${devDependencies['@types/node']}`, ...compilers],
            packageJson: { type: 'module' },
        });
        for (const file of ['user.ts', 'user.cts', 'user-cheerio.ts']) {
            copyFileSync(join(ROOT, 'test/types', file), join(folder, file));
        }
    }
    for (const version of VERSIONS) {
        for (const oneCase of CASES) {
            const errors = compile(version, oneCase);
            if (errors.length > 0) failures += 1;
            console.log(
                `TypeScript ${version.padEnd(7)} ${oneCase.name.padEnd(44)} ${errors.length === 0 ? 'ok' : 'FAILED'}`,
            );
            for (const error of errors.slice(0, 10)) console.log(`    ${error}`);
        }
    }
} finally {
    rmSync(work, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);

/** The errors in the user's files and in the package's own types: those of other packages' are not ours to mend. */
function compile(version, { project, files, options }) {
    const folder = join(work, project);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...BASE, ...options }, files }));
    const tsc = join(folder, `node_modules/typescript-${version}/bin/tsc`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
        cwd: folder,
        encoding: 'utf8',
    });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => /error/i.test(line));
    const foreign = lines.filter((line) => /^node_modules\/(?!apify-dataset-guard\/)/.test(line));
    const ours = lines.filter((line) => !foreign.includes(line));
    return status !== 0 && lines.length === 0 ? [`exit code ${status}`] : ours;
}
