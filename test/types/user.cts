/** A user's program in CommonJS, compiled by `scripts/types.mjs`. The compiler is the test. */
import type { DatasetGuard as Guard } from 'apify-dataset-guard' with { 'resolution-mode': 'import' };

export async function main(): Promise<number> {
    const { Actor } = await import('apify');
    const { DatasetGuard } = await import('apify-dataset-guard');
    await Actor.init();
    const guard: Guard<{ title: string }> = await DatasetGuard.open<{ title: string }>({ ack: 'stored' });
    await guard.pushData({ title: 'Alien' });
    return (await guard.close()).storedItems;
}
