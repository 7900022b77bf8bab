import type { SecretRemover } from '../utils/secrets.js';
import { removeGenericSecrets } from '../utils/secrets.js';
import type { Fault } from './alternatives.js';
import { compileReader, countMembers, LEAF } from './field-reader.js';
import type { FieldReader } from './field-reader.js';
import { ElementCounts } from './element-counts.js';
import { Shape, Shapes } from './field-shapes.js';
import type { FieldTally } from './field-shapes.js';
import type { FieldNode } from './field-tree.js';
import { buildFieldTree, createNode } from './field-tree.js';
import { FieldTable } from './field-table.js';
import type { FieldDetails, FieldSummary, FieldType, SavedFields } from './field-table.js';
import { FieldLooks } from './field-looks.js';
import { FurtherNames } from './further-names.js';
import { failingPath } from './sample.js';
import { SchemaNames } from './schema-names.js';
import { kindOf } from './value-kind.js';
import { toPointer } from '../utils/json-pointer.js';

export type { FieldDetails, FieldSummary, FieldTally, FieldType, SavedFields };

export interface FieldOptions {
    /** JSON Schema of an item, where it is known. */
    schema?: unknown;
    /** Further places that are counted: JSON Pointers with `*`. */
    paths?: readonly string[];
    /** Whether examples of values are kept. */
    samples?: boolean;
    /** Returns the part of an item that may be shown, as `Redactor.apply` does. What it takes away has no row; where it returns nothing, no field has one. */
    redact?: (item: unknown) => unknown;
    removeSecrets?: SecretRemover;
}

const MAX_READ_NAMES = 200;
/** Frequent names are read by name from the 64th item on; which they are is reviewed after 256 items, 1,024 and so on. */
const FIRST_REVIEW_ITEMS = 64;
const REVIEW_FACTOR = 4;
const OFTEN = 0.05;
/** Once more than 256 items and 20 % of all items had a new shape, items are counted without looking for their shape. */
const MIN_SHAPES = 256;
const MAX_NEW_SHARE = 0.2;
/** Then every 64th item is looked at for examples. */
const LOOK_INTERVAL = 64;

/** Counts for each field how many stored items have a value there, and of what kind. */
export class FieldCounts {
    #schema: unknown;
    readonly #table: FieldTable;
    readonly #looks: FieldLooks;
    readonly #elements = new ElementCounts();
    #paths: readonly string[];
    #root: FieldNode;
    #names: SchemaNames;
    #reader: FieldReader<Shape>;
    readonly #shapes: Shapes;
    readonly #further: FurtherNames;
    readonly #noShape = new Shape([]);
    #tallied = 0;
    #newShapes = 0;
    #isDiverse = false;
    #nextReview = FIRST_REVIEW_ITEMS;

    constructor(options: FieldOptions = {}) {
        this.#schema = options.schema;
        const removeSecrets = options.removeSecrets ?? removeGenericSecrets;
        this.#table = new FieldTable(options.redact !== undefined, removeSecrets);
        this.#shapes = new Shapes(this.#table);
        this.#looks = new FieldLooks(this.#table, {
            samples: options.samples ?? true,
            redact: options.redact,
            removeSecrets,
        });
        this.#further = new FurtherNames(this.#table, this.#looks, this.#elements);
        this.#paths = options.paths ?? [];
        this.#root = buildFieldTree(options.schema, this.#paths);
        this.#names = new SchemaNames(options.schema);
        this.#reader = this.#compile();
    }

    /** Another schema describes the items from now on. What was counted stays. */
    useSchema(schema: unknown): void {
        this.#schema = schema;
        this.#root = buildFieldTree(schema, this.#paths);
        this.#names = new SchemaNames(schema);
        this.#restart();
    }

    /** Further places have rows from now on: what of them was counted before is in there, if they are at the top. */
    usePaths(paths: readonly string[]): void {
        if (paths.every((path) => this.#paths.includes(path))) return;
        this.#paths = [...this.#paths, ...paths];
        this.#root = buildFieldTree(this.#schema, this.#paths);
        this.#restart();
    }

    /** Prepares the counts that are added once the item is stored. `item` is JSON data: parsed, or a copy that is plain. */
    tally(item: object): FieldTally {
        if (++this.#tallied >= this.#nextReview) this.#review();
        if (this.#isDiverse) return this.#countAll(item);
        const shape = this.#shapeOf(item);
        if (countNames(item) !== this.#reader.known) this.#countFurther(item);
        return this.#elements.touched.length === 0 ? shape.tally : { shape, more: this.#elements.take() };
    }

    /** Counts a stored item. */
    store({ shape, more }: FieldTally): void {
        this.#table.storedItems++;
        if (shape.isOpen) shape.storedItems++;
        else for (const slot of shape.slots) this.#table.add(slot, 1);
        if (more === undefined) return;
        for (let index = 0; index < more.length; index += 2) this.#table.add(more[index]!, more[index + 1]!);
    }

    /** Counts an item that failed, for each field that is at fault. */
    fail(faults: readonly Fault[]): void {
        const paths = new Set<string>();
        for (const { error, best } of faults) {
            const told = best[0] ?? error;
            paths.add(this.#names.pathOf(failingPath(told), told.schemaPath));
        }
        const slots = new Set([...paths].map((path) => this.#table.nearestSlot(path)));
        for (const slot of slots) if (slot !== undefined) this.#table.addFailed(slot);
    }

    /** One row for each field of the schema, for each path that was asked for, and for further top-level names that are common. */
    rows(): readonly FieldSummary[] {
        this.#shapes.fold();
        return this.#table.rows(this.#root, this.#further.names);
    }

    /** The rows that expectations are judged by, also of what `redact` takes away. They are not for showing. */
    judgedRows(): readonly FieldSummary[] {
        this.#shapes.fold();
        return this.#table.judgedRows(this.#root);
    }

    /** The same with what a page shows. */
    details(): readonly FieldDetails[] {
        this.#shapes.fold();
        return this.#table.details(this.#root, this.#further.names);
    }

    /** The state with which another process of the run goes on counting. */
    save(): SavedFields {
        this.#shapes.fold();
        return this.#table.save();
    }

    /** Counts on from what `save` gave. */
    restore(saved: SavedFields): void {
        this.#table.restore(saved);
        const known = this.#root.names;
        for (const name of this.#table.topLevelNames()) {
            if (!known.has(name)) this.#further.learn(name);
        }
    }

    #shapeOf(item: object): Shape {
        const step = this.#reader.follow(item, this.#shapes.first, this.#elements);
        const known = step[LEAF] as Shape | undefined;
        if (known !== undefined) return known;
        const slots: number[] = [];
        this.#collectSlots(this.#root, item, slots);
        const shape = this.#shapes.add(step, slots);
        this.#looks.look(item, this.#root);
        this.#newShapes++;
        if (this.#newShapes > MIN_SHAPES && this.#newShapes > this.#tallied * MAX_NEW_SHARE) this.#isDiverse = true;
        return shape;
    }

    /** For items that have little in common: to look for their shape would cost more than to count them. */
    #countAll(item: object): FieldTally {
        if (this.#tallied % LOOK_INTERVAL === 0) this.#looks.look(item, this.#root);
        countMembers(this.#root, item, this.#elements, (name) => this.#further.see(item, name));
        return { shape: this.#noShape, more: this.#elements.take() };
    }

    #compile(): FieldReader<Shape> {
        this.#register(this.#root);
        this.#elements.makeRoom(this.#table.slots);
        return compileReader<Shape>({
            root: this.#root,
            grow: (step, kind) => this.#shapes.grow(step, kind),
        });
    }

    /** Gives each place a slot, so that a failure finds it. */
    #register(node: FieldNode): void {
        for (const child of [...node.names.values(), ...(node.any ? [node.any] : [])]) {
            child.slot = this.#table.slotOf(child.path);
            this.#register(child);
        }
    }

    /** Reads from now on what the tree has become. What items were tallied before stays valid: slots never change. */
    #restart(): void {
        this.#reader = this.#compile();
        this.#shapes.forget();
    }

    /** The slots of all members that the reader follows by name. */
    #collectSlots(node: FieldNode, value: object, slots: number[]): void {
        for (const [name, child] of node.names) {
            if (!Object.hasOwn(value, name) || (Array.isArray(value) && name === 'length')) continue;
            const member = (value as Record<string, unknown>)[name];
            slots.push(child.slot + kindOf(member));
            if (typeof member === 'object' && member !== null) this.#collectSlots(child, member, slots);
        }
    }

    #countFurther(item: object): void {
        for (const name in item) {
            if (this.#root.names.has(name)) continue;
            const first = this.#further.see(item, name);
            if (first === undefined) continue;
            this.#elements.add(first + kindOf((item as Record<string, unknown>)[name]));
        }
    }

    /** Names that come often are read by name from now on. */
    #review(): void {
        if (this.#isDiverse) return;
        const minItems = this.#tallied * OFTEN;
        this.#nextReview = this.#tallied * REVIEW_FACTOR;
        let isChanged = false;
        for (const name of this.#further.seenInItems(minItems)) {
            if (this.#root.names.has(name) || this.#root.names.size >= MAX_READ_NAMES) continue;
            this.#root.names.set(name, createNode(toPointer([name])));
            isChanged = true;
        }
        if (isChanged) this.#restart();
    }
}

/** Quicker than `Object.keys`, which makes a list of them. */
function countNames(item: object): number {
    let names = 0;
    // oxlint-disable-next-line guard-for-in, no-unused-vars -- JSON data inherits nothing that a loop would list
    for (const _ in item) names++;
    return names;
}
