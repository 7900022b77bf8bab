// What the programs of these tests have in common: how they are told what to do, and the ways in which they end.
import { Actor } from 'apify';

/** What the test asked for: see `ProgramOptions` in ../program.ts. */
export const program = JSON.parse(process.env.PROGRAM);

const forever = new Promise(() => {});
const asked = new Promise((resolve) => {
    process.once('SIGUSR2', resolve);
});

/** Tells the test that the moment before the end has come, and waits until the test asks for the end. A program that ends unasked does not wait. */
export async function untilAskedToEnd() {
    if (program.endsUnasked) return;
    console.log('ready');
    await asked;
}

/** Each resolves, if at all, when the program goes on. `guards` is empty in a bare program. */
export const endings = {
    'waits': async () => forever,
    'returns': async () => {},
    'throws': async () => {
        throw new Error('The program threw.');
    },
    'throws in a timer': async () => {
        setTimeout(() => {
            throw new Error('A timer threw.');
        });
        await forever;
    },
    'leaves a rejection unhandled': async () => {
        void Promise.reject(new Error('Nobody handled this.'));
        await forever;
    },
    'leaves a rejection unhandled and exits': async () => {
        void Promise.reject(new Error('Nobody handled this.'));
        await new Promise(setImmediate);
        await Actor.exit();
    },
    'process.exit(3) in a timer': async () => {
        setTimeout(() => process.exit(3));
        await forever;
    },
    'process.exit(0)': async () => process.exit(0),
    'Actor.exit()': async () => Actor.exit(),
    'Actor.exit({ timeoutSecs: 0 })': async () => Actor.exit({ timeoutSecs: 0 }),
    'Actor.exit({ exitCode: 7 })': async () => Actor.exit({ exitCode: 7 }),
    'Actor.fail()': async () => Actor.fail('The program failed.'),
    // With its timers and its web socket the SDK keeps the process alive until its events are closed.
    'nothing left to do': async () => Actor.config.getEventManager().close(),
    'Actor.exit({ exit: false })': async () => Actor.exit({ exit: false }),
    'guard.close()': async (guards) => {
        for (const guard of guards) await guard.close();
        await Actor.exit();
    },
    'guard.close(), caught': async (guards) => {
        for (const guard of guards) await guard.close().catch((error) => console.log(`caught: ${error.name}`));
        await Actor.exit();
    },
    'Actor.reboot()': async () => {
        await Actor.reboot();
        await Actor.exit();
    },
    'Actor.metamorph()': async () => {
        await Actor.metamorph('someone/other');
        await Actor.exit();
    },
};
