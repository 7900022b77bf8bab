/** A schema of the usual kind. */
export const OFFERS = {
    type: 'object',
    properties: {
        title: { type: 'string' },
        price: { type: 'number' },
        offers: {
            type: 'array',
            items: {
                type: 'object',
                properties: { url: { type: 'string' }, price: { type: 'number' } },
                required: ['url'],
                additionalProperties: false,
            },
        },
    },
    required: ['title'],
    additionalProperties: false,
};
