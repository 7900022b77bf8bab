import type { ItemSchema } from '../ports.js';
import type { SuggestedRepair } from '../infer/suggest/suggest-changes.js';
import { ChangeFinder } from '../infer/suggest/suggest-changes.js';
import { count } from '../utils/format.js';
import { removeFromNames, removeGenericSecrets } from '../utils/secrets.js';
import type { FieldRepair, FieldSuggestion } from '../report/suggestion.js';

/** Finds what a page suggests, from items that fail. Without a schema there is nothing to suggest. */
export class FieldSuggestions {
    readonly #finder: ChangeFinder | undefined;
    readonly #isOpen: Promise<void> | undefined;

    constructor(schema: ItemSchema | undefined, samples: boolean) {
        this.#finder = schema && new ChangeFinder(schema.json, { samples });
        this.#isOpen = this.#finder?.open();
    }

    async add(item: unknown): Promise<void> {
        await this.#isOpen;
        await this.#finder?.add(item);
    }

    async list(): Promise<FieldSuggestion[]> {
        await this.#isOpen;
        const { changes = [] } = this.#finder?.finish('') ?? {};
        return changes.map(({ path, description, letInItems, repairs }) => ({
            field: removeFromNames(path, removeGenericSecrets),
            change: removeGenericSecrets(description),
            letInItems,
            repair: repairs[0] && toFieldRepair(repairs[0]),
        }));
    }
}

function toFieldRepair({ code, name, mendedItems, samples: [sample] }: SuggestedRepair): FieldRepair {
    return {
        code: removeGenericSecrets(code),
        name: removeGenericSecrets(name),
        mends: count(mendedItems, 'item'),
        sample: sample && { before: shown(sample.before), after: shown(sample.after) },
    };
}

/** A value as the page shows it; undefined is what a value that is missing or was removed comes to. */
function shown(value: unknown): string | undefined {
    const json = JSON.stringify(value) as string | undefined;
    return json && removeGenericSecrets(json);
}
