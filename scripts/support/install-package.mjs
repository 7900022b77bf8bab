import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let packed;

/** Runs a command to its end. @throws Error with what it wrote, where it fails */
export function checked(command, args, cwd, env = process.env) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
    if (error) throw error;
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
    return stdout;
}

/** Packs the package as it is published, once for this process. Returns the file. `npm run build` comes before. */
export function packPackage(folder) {
    if (packed === undefined) {
        const output = checked('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], ROOT);
        packed = join(folder, output.trim().split('\n').at(-1));
    }
    return packed;
}

/** Makes a project with the packed package and further packages, installed by npm. */
export function installPackage(project, { packages = [], packageJson = {} } = {}) {
    mkdirSync(project, { recursive: true });
    const file = packPackage(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', private: true, ...packageJson }));
    checked('npm', ['install', '--silent', '--no-audit', '--no-fund', file, ...packages], project);
}
