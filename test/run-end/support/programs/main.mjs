// An Actor without a crawler: pushes one item after another, and ends as it was asked to.
import { setTimeout } from 'node:timers/promises';

import { Actor } from 'apify';

import { endings, program, untilAskedToEnd } from './endings.mjs';
import { openGuards, push } from './pushes.mjs';
import { addListeners } from './listeners.mjs';

/** Goes on for some time as a program does that knows nothing of an end, and exits. It must never see a push rejected. */
async function pushOn() {
    if (program.meanwhile)
        Actor[program.meanwhile]('someone/other').catch(({ name }) => console.log(`refused: ${name}`));
    const until = performance.now() + program.pushOnMillis;
    for (let n = program.count; performance.now() < until; n++) {
        await setTimeout(100);
        for (const entryPoint of program.via) await push(entryPoint, [program.first + n]);
        console.log(`acknowledged ${n}`);
    }
    await Actor.exit();
}

/** Each push in a turn of its own of the event loop, as in a program that waits for something between them. */
async function pushUntilItFails() {
    for (let n = program.count; ; n++) {
        await new Promise(setImmediate);
        for (const entryPoint of program.via) await push(entryPoint, [n]);
    }
}

const numbers = Array.from({ length: program.count }, (_, index) => program.first + index);

async function main() {
    const guards = await openGuards();
    addListeners();
    await Promise.all(
        program.via.map(async (entryPoint) => {
            if (program.inOnePush) return push(entryPoint, numbers);
            for (const n of numbers) await push(entryPoint, [n]);
        }),
    );
    await untilAskedToEnd();
    if (program.end === 'pushes until it fails') await pushUntilItFails();
    else if (program.end === 'pushes on') await pushOn();
    else await endings[program.end](guards);
}

if (program.inActorMain) {
    await Actor.main(main);
} else {
    await Actor.init(program.initOptions);
    await main();
}
