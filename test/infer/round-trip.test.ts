import { expect, it } from 'vitest';

import { inferSchema } from '../../src/infer/infer-schema.js';
import { mutate, randomNumbers, randomSchemas } from './support/random-schemas.js';
import { compileStrictly } from './support/strict-ajv.js';

const MUTATIONS = 100;

it('infers schemas of items of 30 schemas that accept the items and reject nine of ten single mutations', async () => {
    const random = randomNumbers(1);
    let mutated = 0;
    let rejected = 0;
    for (const { schema, items } of randomSchemas(30, 100, 1)) {
        const validate = compileStrictly((await inferSchema(items)).fields);
        expect(items.filter((item) => !validate(item))).toEqual([]);
        for (let number = 0; number < MUTATIONS; number++) {
            const mutant = mutate(items[number % items.length]!, schema, random);
            if (mutant === undefined) continue;
            mutated++;
            if (!validate(mutant)) rejected++;
        }
    }
    expect(mutated).toBeGreaterThan(2_000);
    expect(rejected / mutated).toBeGreaterThan(0.9);
});
