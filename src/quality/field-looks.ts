import { toPointer } from '../utils/json-pointer.js';
import type { SecretRemover } from '../utils/secrets.js';
import { shortJson } from '../utils/short-json.js';
import type { FieldTable } from './field-table.js';
import { createNode } from './field-tree.js';
import type { FieldNode } from './field-tree.js';

const MAX_EXAMPLE_LENGTH = 60;
/** Elements of an array that are looked at. */
const MAX_ELEMENTS = 10;

interface LookOptions {
    samples: boolean;
    redact?: (item: unknown) => unknown;
    removeSecrets: SecretRemover;
}

/**
 * Looks at one item of each shape: for examples of its values, and for what `redact` takes away. It never throws; what `redact`
 * does to an item is done to a copy.
 */
export class FieldLooks {
    readonly #table: FieldTable;
    readonly #options: LookOptions;
    readonly #isIdle: boolean;

    constructor(table: FieldTable, options: LookOptions) {
        this.#table = table;
        this.#options = options;
        this.#isIdle = !options.samples && options.redact === undefined;
    }

    look(item: object, root: FieldNode): void {
        if (this.#isIdle) return;
        this.#compare(root, item, this.#redacted(item));
    }

    /** Looks at one further top-level name alone. */
    lookAt(item: object, name: string): void {
        if (this.#isIdle) return;
        const node = createNode('');
        node.names.set(name, createNode(toPointer([name])));
        this.#compare(node, item, this.#redacted(item));
    }

    #redacted(item: object): unknown {
        const { redact } = this.#options;
        if (redact === undefined) return item;
        try {
            // Read once, so that nothing of the user's can throw later.
            return JSON.parse(JSON.stringify(redact(JSON.parse(JSON.stringify(item)))));
        } catch {
            return undefined;
        }
    }

    #compare(node: FieldNode, value: unknown, shown: unknown): void {
        for (const [name, child] of node.names) this.#compareOne(child, memberOf(value, name), memberOf(shown, name));
        if (node.any === undefined || typeof value !== 'object' || value === null) return;
        const names = Object.keys(value).filter((name) => !node.names.has(name));
        for (const name of names.slice(0, MAX_ELEMENTS)) {
            // An element that is gone is a shorter array, not a field that was taken away.
            const shownMember = memberOf(shown, name);
            if (shownMember !== undefined) this.#compareOne(node.any, memberOf(value, name), shownMember);
        }
    }

    #compareOne(node: FieldNode, value: unknown, shown: unknown): void {
        if (value === undefined) return;
        if (shown === undefined) {
            this.#table.hide(node.path);
            return;
        }
        this.#table.show(node.path);
        if (this.#options.samples && !isEmptyValue(shown) && !this.#table.hasExample(node.path)) {
            const example = shortJsonOf(shown);
            if (example !== undefined) this.#table.setExample(node.path, this.#options.removeSecrets(example));
        }
        this.#compare(node, value, shown);
    }
}

function memberOf(value: unknown, name: string): unknown {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined;
}

function isEmptyValue(value: unknown): boolean {
    return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** The result of `redact` may have no JSON. */
function shortJsonOf(value: unknown): string | undefined {
    try {
        return shortJson(value, MAX_EXAMPLE_LENGTH);
    } catch {
        return undefined;
    }
}
