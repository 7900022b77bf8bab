/**
 * The program of the child process that makes the requests of `requestSync`. It is text, not a function or a file: bundlers move
 * files, and compilers, minifiers and coverage tools change what a function's text says. It loads nothing but the module that makes
 * the requests: `fetch` is ready only after three times the processor time, and a process that ends has seconds.
 *
 * Its time counts from its own start, as `process.uptime()` does. It waits until each line has left it, so that the
 * parent has the line also when the child is killed next.
 */
export const CHILD_SOURCE = `
'use strict';
const write = (message) => new Promise((resolve) => process.stdout.write(JSON.stringify(message) + '\\n', resolve));
const readInput = async () => {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks);
};
const answer = async ({ method, url, headers }, body, maxMillis) => {
    const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
    const signal = AbortSignal.timeout(Math.max(1, maxMillis));
    const response = await new Promise((resolve, reject) => {
        request(url, { method, headers, signal }, resolve).once('error', reject).end(body);
    });
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
};
const canPass = (response) => response === undefined || response.status === 429 || response.status >= 500;
// What may be made twice is tried again, so that one lost answer does not cost what can only be written now.
const answerOrRetry = async (request, body, timeLeft) => {
    for (let tries = 1; ; tries++) {
        let response;
        try {
            response = await answer(request, body, timeLeft());
        } catch {
            // No answer: the next attempt may have one.
        }
        const pause = 100 * tries;
        if (request.method === 'POST' || !canPass(response) || tries === 4 || timeLeft() < pause + 100) return response;
        await new Promise((resolve) => setTimeout(resolve, pause));
    }
};
const run = async () => {
    await write({ started: true });
    const input = await readInput();
    let offset = input.indexOf('\\n') + 1;
    const { requests, maxMillis } = JSON.parse(input.toString('utf8', 0, offset));
    const startCountdown = (millis, from = process.uptime()) => () => Math.floor(millis - (process.uptime() - from) * 1000);
    const timeLeft = startCountdown(maxMillis, 0);
    let haveAllSucceeded = true;
    for (const [index, request] of requests.entries()) {
        if (timeLeft() < 1) break;
        const body = request.length === undefined ? undefined : input.subarray(offset, offset + request.length);
        offset += request.length ?? 0;
        if (request.needsOthers && !haveAllSucceeded) continue;
        const ownLeft = startCountdown(request.maxMillis ?? Infinity);
        const response = await answerOrRetry(request, body, () => Math.min(timeLeft(), ownLeft()));
        haveAllSucceeded &&= response !== undefined && response.status < 300;
        if (response !== undefined) await write({ index, response });
    }
};
// Open connections would keep the process alive.
run().then(() => process.exit(0), () => process.exit(1));
`;
