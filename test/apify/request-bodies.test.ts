import { brotliDecompressSync } from 'node:zlib';

import { describe, expect, it } from 'vitest';

import { RequestBodies } from '../../src/apify/request-bodies.js';
import { PayloadWriter } from '../../src/delivery/payload.js';

const large = () => PayloadWriter.of([JSON.stringify({ text: 'ü😀x'.repeat(3_000) }), '{"n":1}']);

describe('the body of a request', () => {
    it('is the payload, compressed', async () => {
        const payload = large();
        const body = await new RequestBodies('auto').of(payload);
        expect(body.length).toBeLessThan(payload.byteLength / 10);
        expect(brotliDecompressSync(body).equals(payload.body)).toBe(true);
    });

    it('is whole where it cannot be compressed', async () => {
        const noise = Array.from({ length: 8_000 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7_919) % 20_000)));
        const payload = PayloadWriter.of([JSON.stringify({ text: noise.join('') })]);
        const body = await new RequestBodies('auto').of(payload);
        expect(brotliDecompressSync(body).equals(payload.body)).toBe(true);
    });

    it.each([
        ['a small payload', 'auto', PayloadWriter.of(['{"n":1}'])],
        ['compression: none', 'none', large()],
    ] as const)('is the payload as it is: %s', async (_, compression, payload) => {
        const body = await new RequestBodies(compression).of(payload);
        expect(body.equals(payload.body)).toBe(true);
    });

    it('is made once for all attempts, until the payload is forgotten', async () => {
        const bodies = new RequestBodies('auto');
        const payload = large();
        const [first, second] = await Promise.all([bodies.of(payload), bodies.of(payload)]);
        expect(second).toBe(first);
        expect(await bodies.of(payload)).toBe(first);
        bodies.forget(payload);
        expect(await bodies.of(payload)).not.toBe(first);
    });
});
