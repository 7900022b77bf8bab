import { type ApifyApiError, ApifyClient } from 'apify-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ApiServer, type RejectionStyle, startApiServer } from './api-server.js';

const SCHEMA = {
    actorSpecification: 1,
    fields: { type: 'object', properties: { price: { type: 'number' } }, required: ['price'] },
    views: {},
};

describe('a dataset with a schema', () => {
    let server: ApiServer;

    const push = async (items: object, id = server.ids.datasetId): Promise<ApifyApiError | undefined> => {
        const client = new ApifyClient({ baseUrl: server.url, token: server.token!, maxRetries: 0 });
        return client
            .dataset(id)
            .pushItems(items as Record<string, unknown>[])
            .then(
                () => undefined,
                (error) => error,
            );
    };
    const rejection = async (style: Partial<RejectionStyle>): Promise<any> => {
        server.rejectAs(style);
        const error = await push([{ price: 1 }, { price: 'x' }, {}]);
        expect(error).toMatchObject({ statusCode: 400, type: style.type ?? 'schema-validation-error' });
        expect(server.items()).toEqual([]);
        return error!.data?.invalidItems;
    };
    const typeError = { keyword: 'type', params: { type: 'number' }, message: 'must be number' };

    beforeEach(async () => {
        server = await startApiServer({ dataset: { schema: SCHEMA } });
    });
    afterEach(async () => server.close());

    it('takes what is valid', async () => {
        expect(await push([{ price: 1 }, { price: 2.5 }])).toBeUndefined();
        expect(server.items()).toHaveLength(2);
    });

    it('names the invalid items with paths of the array, as documented', async () => {
        expect(await rejection({})).toEqual([
            {
                itemPosition: 1,
                validationErrors: [
                    { ...typeError, instancePath: '/1/price', schemaPath: '/items/properties/price/type' },
                ],
            },
            {
                itemPosition: 2,
                validationErrors: [
                    expect.objectContaining({
                        instancePath: '/2',
                        schemaPath: '/items/required',
                        keyword: 'required',
                    }),
                ],
            },
        ]);
    });

    it('names them with paths of the item', async () => {
        const [first] = await rejection({ shape: 'item-path', type: 'schema-validation-failed' });
        expect(first).toEqual({
            itemPosition: 1,
            validationErrors: [{ ...typeError, instancePath: '/price', schemaPath: '#/properties/price/type' }],
        });
    });

    it('names them in a map of messages', async () => {
        expect(await rejection({ shape: 'map', type: 'schema-validation' })).toEqual({
            1: ['must be number'],
            2: ["must have required property 'price'"],
        });
    });

    it.each(['array-path', 'item-path'] as const)('counts positions from 1 (%s)', async (shape) => {
        const invalid = await rejection({ shape, countFrom: 1 });
        expect(invalid.map((item: any) => item.itemPosition)).toEqual([2, 3]);
        if (shape === 'array-path') expect(invalid[0].validationErrors[0].instancePath).toBe('/1/price');
    });

    it('counts the positions of a map from 1', async () => {
        expect(Object.keys(await rejection({ shape: 'map', countFrom: 1 }))).toEqual(['2', '3']);
    });

    it('names positions outside the request', async () => {
        const [first] = await rejection({ shift: 1000 });
        expect([first.itemPosition, first.validationErrors[0].instancePath]).toEqual([1001, '/1/price']);
        const [shifted] = await rejection({ shift: 1000, shiftPaths: true });
        expect(shifted.validationErrors[0].instancePath).toBe('/1001/price');
    });

    it('names nothing that can be read', async () => {
        expect(await rejection({ shape: 'missing' })).toBeUndefined();
        expect(await rejection({ shape: 'empty' })).toEqual([]);
        expect(await rejection({ shape: 'malformed' })).toContain(null);
    });

    it('may word each rejection in another way', async () => {
        const shapes = ['map', 'missing'] as const;
        let index = 0;
        server.rejectAs(() => ({ shape: shapes[index++] }));
        expect((await push({}))!.data).toEqual({ invalidItems: { 0: [expect.any(String)] } });
        expect((await push({}))!.data).toBeUndefined();
    });

    it('shows its schema, hides it, or shows another than it enforces', async () => {
        const schemaOf = async (id: string): Promise<unknown> => {
            const dataset = await new ApifyClient({ baseUrl: server.url, token: server.token! }).dataset(id).get();
            return 'schema' in dataset! ? dataset.schema : 'missing';
        };
        server.addDataset({ id: 'hidden', schema: SCHEMA, hideSchema: true });
        server.addDataset({ id: 'stricter', schema: SCHEMA, enforcedFields: { required: ['name'] } });
        server.addDataset({ id: 'free', name: 'free' });
        expect(await schemaOf(server.ids.datasetId)).toEqual(SCHEMA);
        expect(await schemaOf('hidden')).toBe('missing');
        expect(await schemaOf('free')).toBeNull();
        expect(await push({}, 'hidden')).toBeDefined();
        expect(await push({ price: 1 }, 'stricter')).toBeDefined();
        expect(await push({ anything: 1 }, 'free')).toBeUndefined();
    });

    it('follows a schema that changes, in the draft that it declares', async () => {
        const fields = {
            $schema: 'https://json-schema.org/draft/2020-12/schema',
            properties: { pair: { prefixItems: [{ type: 'number' }] }, at: { format: 'date-time' } },
        };
        server.setSchema({ ...SCHEMA, fields });
        expect(await push({ pair: ['x'] })).toMatchObject({ statusCode: 400 });
        expect(await push({ at: 'yesterday' })).toMatchObject({ statusCode: 400 });
        expect(await push({ pair: [1] })).toBeUndefined();
    });
});
