import { readFileSync } from 'node:fs';

import type { Item } from '../shapes.js';

/** The schema of a flight. */
export const FLIGHT_FIELDS = {
    type: 'object',
    required: ['delay', 'distance', 'time'],
    properties: {
        delay: { type: 'integer' },
        distance: { type: 'integer', minimum: 0 },
        time: { type: 'number', minimum: 0, maximum: 24 },
    },
};

/** 231,083 flights of 45 bytes each. */
export function loadFlights(): Item[] {
    const file = new URL('../data/flights-200k.json', import.meta.resolve('vega-datasets'));
    return JSON.parse(readFileSync(file, 'utf8')) as Item[];
}
