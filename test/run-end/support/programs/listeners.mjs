// Listeners of the program's own, which have the say that they have without the guard.
import { setTimeout } from 'node:timers/promises';

import { Actor } from 'apify';

import { program } from './endings.mjs';
import { push } from './pushes.mjs';

const LISTENERS = {
    'SIGTERM: exits with 4': () =>
        process.on('SIGTERM', () => {
            console.log('own listener');
            process.exit(4);
        }),
    'SIGTERM: calls Actor.exit()': () =>
        process.on('SIGTERM', () => {
            console.log('own listener');
            void Actor.exit({ exitCode: 5 });
        }),
    'uncaughtException: exits with 6': () =>
        process.on('uncaughtException', (error) => {
            console.log(`own listener: ${error.message}`);
            process.exit(6);
        }),
    'uncaughtException: goes on': () =>
        process.on('uncaughtException', (error) => {
            console.log(`own listener: ${error.message}`);
            void Actor.exit();
        }),
    'process exit: says so': () => process.on('exit', (code) => console.log(`own listener: ${code}`)),
    'exit: pushes a summary': () => Actor.on('exit', async () => pushSummary()),
    'exit: rejects': () =>
        Actor.on('exit', async () => {
            throw new Error('A listener rejected.');
        }),
    'aborting: pushes a summary': () => Actor.on('aborting', async () => pushSummary()),
    'migrating: pushes a summary': () => Actor.on('migrating', async () => pushSummary()),
    'migrating: takes 3 s': () => Actor.on('migrating', async () => setTimeout(3_000)),
    'migrating: says so': () => Actor.on('migrating', () => console.log('migrating')),
};

/** Adds what the program was asked to listen to, after its guards. */
export function addListeners() {
    for (const name of program.listeners) LISTENERS[name]();
}

/** The item after the last. */
async function pushSummary() {
    for (const entryPoint of program.via) await push(entryPoint, [program.first + program.count]);
}
