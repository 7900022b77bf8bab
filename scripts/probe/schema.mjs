/** Values that a strict reading of the format refuses. */
export const BAD_FORMATS = {
    'email': 'nobody',
    'date': '2026-13-01',
    'date-time': 'yesterday',
    'time': '25:00',
    'uri': 'no uri',
    'uuid': '1234',
    'ipv4': '1.2.3',
    'hostname': '-',
};

export const propertyOf = (format) => `as_${format.replace('-', '_')}`;

/** The dataset schema that the probe needs. Each property asks one question. */
export const PROBE_SCHEMA = {
    actorSpecification: 1,
    title: 'Probe of apify-dataset-guard',
    fields: {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: {
            n: { type: 'integer' },
            marker: { type: 'string' },
            pad: { type: 'string' },
            // With the flag `u` a letter; without it the text "p{L}".
            letter: { type: 'string', pattern: String.raw`^\p{L}$` },
            nested: { type: 'object', properties: { list: { type: 'array', items: { type: 'string' } } } },
            ...Object.fromEntries(
                Object.keys(BAD_FORMATS).map((format) => [propertyOf(format), { type: 'string', format }]),
            ),
        },
        required: ['n'],
        additionalProperties: false,
    },
    views: {},
};
