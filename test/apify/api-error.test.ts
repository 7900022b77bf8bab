import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ApifyClient } from 'apify';
import { describe, expect, it } from 'vitest';

import { toSendResult } from '../../src/apify/api-error.js';

/** An error as apify-client throws it. */
function apiError(statusCode: number, type?: string, data?: unknown): Error {
    return Object.assign(new Error(`Answered ${statusCode}`), { name: 'ApifyApiError', statusCode, type, data });
}
/** Returns the error that apify-client throws when its request to store items gets this answer. */
async function thrownAfter(answer: RequestListener): Promise<Error> {
    const server = createServer(answer);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
        const client = new ApifyClient({ baseUrl: `http://127.0.0.1:${port}`, maxRetries: 0 });
        await client.dataset('abc').pushItems([{ a: 1 }]);
    } catch (error) {
        return error as Error;
    } finally {
        server.close();
        server.closeAllConnections();
    }
    throw new Error('The request was expected to fail.');
}
const json = { 'content-type': 'application/json' };

const networkError = (code?: string) => Object.assign(new Error('No answer'), { code });

function invalidItems(data: unknown, type = 'schema-validation-error') {
    const result = toSendResult(apiError(400, type, data));
    if (result.kind !== 'invalid') throw new Error(`It was expected to be about the items, but is: ${result.kind}`);
    return result.invalidItems;
}

describe('an answer of the platform', () => {
    it.each<[number, string | undefined, object]>([
        [400, 'schema-validation-error', { kind: 'invalid', invalidItems: [] }],
        [400, 'schema-validation-failed', { kind: 'invalid', invalidItems: [] }],
        [400, 'schema-validation', { kind: 'invalid', invalidItems: [] }],
        [400, 'invalid-input', { kind: 'bad-request' }],
        [400, undefined, { kind: 'unavailable', outcomeUnknown: false }],
        [422, 'unprocessable', { kind: 'bad-request' }],
        [413, 'request-too-large', { kind: 'too-large' }],
        [413, undefined, { kind: 'too-large' }],
        [400, 'request-too-large', { kind: 'too-large' }],
        [401, 'user-or-token-not-found', { kind: 'refused' }],
        [402, 'not-enough-usage-to-run-paid-actor', { kind: 'refused' }],
        [403, 'insufficient-permissions', { kind: 'refused' }],
        [404, 'record-not-found', { kind: 'refused' }],
        [405, undefined, { kind: 'refused' }],
        [408, undefined, { kind: 'unavailable', outcomeUnknown: false }],
        [429, 'rate-limit-exceeded', { kind: 'unavailable', outcomeUnknown: false }],
        [500, 'internal-server-error', { kind: 'unavailable', outcomeUnknown: true }],
        [502, undefined, { kind: 'unavailable', outcomeUnknown: true }],
        [503, undefined, { kind: 'unavailable', outcomeUnknown: true }],
        [504, undefined, { kind: 'unavailable', outcomeUnknown: true }],
    ])('of %i with the type %s is understood', (statusCode, type, expected) => {
        const error = apiError(statusCode, type);
        expect(toSendResult(error)).toEqual({ ...expected, error });
    });

    it('is understood as apify-client itself throws it', async () => {
        const data = { invalidItems: [{ itemPosition: 1, validationErrors: [{ instancePath: '/a', message: 'no' }] }] };
        const error = await thrownAfter((_, response) => {
            response.writeHead(400, json);
            response.end(JSON.stringify({ error: { type: 'schema-validation-error', message: 'Failed', data } }));
        });
        expect(toSendResult(error)).toMatchObject({ kind: 'invalid', error, invalidItems: [{ itemPosition: 1 }] });
    });
});

describe('no answer', () => {
    it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])(
        'for %s means that nothing was sent',
        (code) => {
            const error = networkError(code);
            expect(toSendResult(error)).toEqual({ kind: 'unavailable', outcomeUnknown: false, error });
        },
    );

    it.each(['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'ERR_BAD_RESPONSE', undefined])(
        'for %s leaves open what became of it',
        (code) => {
            const error = networkError(code);
            expect(toSendResult(error)).toEqual({ kind: 'unavailable', outcomeUnknown: true, error });
        },
    );

    it('that can be read leaves open what became of it', async () => {
        const error = await thrownAfter((_, response) => {
            response.writeHead(201, json);
            response.end('{"data":');
        });
        expect(error.name).toBe('InvalidResponseBodyError');
        expect(toSendResult(error)).toEqual({ kind: 'unavailable', outcomeUnknown: true, error });
    });

    it('because the connection was cut leaves open what became of it', async () => {
        const error = await thrownAfter((request) => void request.socket.destroy());
        expect(toSendResult(error)).toEqual({ kind: 'unavailable', outcomeUnknown: true, error });
    });

    it.each<[string, unknown]>([
        ['a string', 'no answer'],
        ['nothing', undefined],
        ['null', null],
        ['a symbol', Symbol('no answer')],
        ['an object', { reason: 'no answer' }],
        ['an object without prototype', Object.create(null)],
        [
            'an object that cannot be written',
            {
                toString: () => {
                    throw new Error('no answer');
                },
            },
        ],
    ])('but a thrown value that is no error is unclear, too: %s', (_, thrown) => {
        const result = toSendResult(thrown);
        expect(result).toMatchObject({ kind: 'unavailable', outcomeUnknown: true });
        expect((result as { error: unknown }).error).toBeInstanceOf(Error);
    });
});

describe('the invalid items', () => {
    const wire = {
        instancePath: '/1/a',
        schemaPath: '/items/properties/a/type',
        keyword: 'type',
        params: { type: 'string' },
        message: 'must be string',
    };
    const said = (message: string) => ({ instancePath: '', schemaPath: '', keyword: 'platform', params: {}, message });

    it('are read from a list with the errors of Ajv, whatever their paths', () => {
        const ofItem = { ...wire, instancePath: '', schemaPath: '#/required', keyword: 'required' };
        expect(
            invalidItems({
                invalidItems: [
                    { itemPosition: 2, validationErrors: [wire] },
                    { itemPosition: 4, validationErrors: [ofItem, wire] },
                ],
            }),
        ).toEqual([
            { itemPosition: 2, errors: [wire] },
            { itemPosition: 4, errors: [ofItem, wire] },
        ]);
    });

    it('are read from a map from positions to messages', () => {
        expect(invalidItems({ invalidItems: { 0: ["should have required property 'name'"], 12: ['a', 'b'] } })).toEqual(
            [
                { itemPosition: 0, errors: [said("should have required property 'name'")] },
                { itemPosition: 12, errors: [said('a'), said('b')] },
            ],
        );
    });

    it('are read under every type of the error', () => {
        const data = { invalidItems: { 3: ['no'] } };
        for (const type of ['schema-validation-error', 'schema-validation-failed', 'schema-validation']) {
            expect(invalidItems(data, type)).toEqual([{ itemPosition: 3, errors: [said('no')] }]);
        }
    });

    it.each<[string, unknown, unknown[]]>([
        ['a single message', 'no', [said('no')]],
        ['no reason', undefined, [said('invalid')]],
        ['an empty list', [], []],
        [
            'the path under its older name',
            [{ dataPath: '/a' }],
            [{ instancePath: '/a', schemaPath: '', keyword: '', params: {} }],
        ],
        [
            'members of other types',
            [{ instancePath: 5, schemaPath: null, keyword: [], params: 'none', message: {} }],
            [{ instancePath: '', schemaPath: '', keyword: '', params: {} }],
        ],
        ['more than the documented members', [{ ...wire, data: 'secret', parentSchema: {} }], [wire]],
    ])('have their errors made whole: %s', (_, validationErrors, errors) => {
        expect(invalidItems({ invalidItems: [{ itemPosition: 0, validationErrors }] })).toEqual([
            { itemPosition: 0, errors },
        ]);
    });

    it.each<[string, unknown]>([
        ['no data', undefined],
        ['data that is null', null],
        ['data that is text', 'invalid'],
        ['data that is a list', [{ itemPosition: 0, validationErrors: [] }]],
        ['no list', {}],
        ['null', { invalidItems: null }],
        ['text', { invalidItems: 'all of them' }],
        ['a number', { invalidItems: 3 }],
        ['an empty list', { invalidItems: [] }],
        ['an empty map', { invalidItems: {} }],
        ['a list of positions alone', { invalidItems: [0, 1] }],
        ['a list with a hole', { invalidItems: [{ itemPosition: 0, validationErrors: [] }, null] }],
        ['a position that is missing', { invalidItems: [{ validationErrors: [wire] }] }],
        ['a position that is text', { invalidItems: [{ itemPosition: '1', validationErrors: [wire] }] }],
        ['a position between two', { invalidItems: [{ itemPosition: 1.5, validationErrors: [wire] }] }],
        ['one of several positions unreadable', { invalidItems: { 0: ['no'], first: ['no'] } }],
        ['a map with an empty key', { invalidItems: { '': ['no'] } }],
        ['a map with a key that is no plain number', { invalidItems: { '0x1': ['no'] } }],
    ])('are none where they cannot be read: %s', (_, data) => {
        expect(invalidItems(data)).toEqual([]);
    });
});
