import { describe, expectTypeOf, it } from 'vitest';

import { redriveQuarantine } from '../../src/index.js';
import type { QuarantineRecord } from '../../src/index.js';
import { expectToCompile } from '../support/expect-to-compile.js';

/** An interface, which has no index signature as a type alias has. */
interface Movie {
    title: string;
}

describe('the transform of redriveQuarantine()', () => {
    it('accepts any item when its parameter has no type', () => {
        expectToCompile(async () => {
            await redriveQuarantine({ transform: (item) => ({ ...item, title: String(item.title) }) });
        });
    });

    it('accepts an item of the type that its parameter has', () => {
        expectToCompile(async () => {
            await redriveQuarantine({
                transform: (movie: Movie, record) => {
                    expectTypeOf(record).toEqualTypeOf<QuarantineRecord<Movie>>();
                    return movie.title === '' ? undefined : movie;
                },
            });
            await redriveQuarantine<Movie>({
                // @ts-expect-error -- no such property
                transform: ({ titel }) => ({ title: titel }),
            });
        });
    });
});
