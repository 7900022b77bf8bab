/** A user's program, compiled by `scripts/types.mjs` without `crawlee`. The compiler is the test. */
import { Actor } from 'apify';
import { DatasetGuard, type DatasetGuardOptions, type GuardReport, type QuarantineRecord } from 'apify-dataset-guard';
import { startPlatform } from 'apify-dataset-guard/testing';

interface Movie {
    title: string;
    year?: number;
}

export async function main(mode: 'warn' | undefined): Promise<GuardReport> {
    await Actor.init();
    const options: DatasetGuardOptions<Movie> = { mode, schema: undefined, tolerance: { maxItems: undefined } };
    const guard = await DatasetGuard.open<Movie>({
        ...options,
        repair: ({ title }) => ({ title }),
        redact: ({ email: _email, ...item }) => item,
        onQuarantine: (record: QuarantineRecord<Movie>) => console.log(record.item?.title),
    });
    const wrong: DatasetGuardOptions[] = [
        // @ts-expect-error -- a promise is no item
        { redact: async (item) => item },
        // @ts-expect-error -- a promise is no item
        { repair: async (item) => item },
        // @ts-expect-error -- a promise is no item
        { repair: ['prune', (item) => Promise.resolve(item)] },
    ];
    const right: DatasetGuardOptions[] = [
        { redact: (item): Record<string, unknown> => item, repair: (item): Record<string, unknown> => item },
        { redact: () => ({}), repair: () => undefined },
    ];
    console.log(wrong.length + right.length);
    const { acceptedItems } = await guard.pushData([{ title: 'Alien', year: 1979 }]);
    console.log(acceptedItems.toFixed());
    // @ts-expect-error -- a title is text
    await guard.pushData({ title: 1 });
    const report = await guard.close();
    await Actor.exit();
    return report;
}

export async function test(): Promise<number> {
    const platform = await startPlatform({ schema: undefined, faults: [{ on: 'push', fault: { status: 503 } }] });
    const { exitCode } = await platform.run('main.js');
    await platform.close();
    return platform.items<Movie>().length + (exitCode ?? 0);
}
