import { Actor, Dataset } from 'apify';

import type { PushResult } from '../records.js';

/** A guard behind the SDK's own methods. */
export interface PatchTarget {
    /** Whether pushes to this dataset are the guard's. */
    matches(dataset: Dataset): boolean;
    readonly isClosed: boolean;
    push(data: unknown, eventName?: string): Promise<PushResult>;
    /** Says once that what is pushed now goes straight to the dataset. */
    warnClosed(): void;
}

// The methods are the SDK's, one for all: so must be the list of who stands behind them.
const targets = new Set<PatchTarget>();
let unpatch: (() => void) | undefined;
const beingOpened = new WeakMap<Actor, Promise<Dataset>>();

/** Puts `target` behind `Actor.pushData`, `Dataset.pushData` and all that leads through them. Again for the same one: nothing. */
export function installTarget(target: PatchTarget): void {
    targets.add(target);
    unpatch ??= patch();
}

/** Takes `target` out; with the last one the SDK's methods are back. */
export function uninstallTarget(target: PatchTarget): void {
    targets.delete(target);
    if (targets.size > 0) return;
    unpatch?.();
    unpatch = undefined;
}

/** The open guard that this dataset's pushes belong to. */
function targetOf(dataset: Dataset): PatchTarget | undefined {
    for (const target of targets) {
        if (!target.matches(dataset)) continue;
        if (!target.isClosed) return target;
        target.warnClosed();
    }
    return undefined;
}

/** Opening it anew costs more than the rest of a push: calls that come while that is under way share it. */
async function defaultDatasetOf(actor: Actor): Promise<Dataset> {
    const known = beingOpened.get(actor);
    if (known !== undefined) return known;
    const dataset = actor.openDataset().finally(() => beingOpened.delete(actor));
    beingOpened.set(actor, dataset);
    return dataset;
}

function patch(): () => void {
    const { pushData } = Actor.prototype;
    const pushToDataset = Dataset.prototype.pushData;
    const patched = {
        async pushData(this: Actor, ...[item, eventName]: Parameters<Actor['pushData']>): Promise<unknown> {
            const target = targetOf(await defaultDatasetOf(this));
            return target === undefined ? pushData.call(this, item, eventName) : target.push(item, eventName);
        },
        async pushToDataset(this: Dataset, data: Parameters<typeof pushToDataset>[0]): Promise<void> {
            const target = targetOf(this);
            if (target === undefined) await pushToDataset.call(this, data);
            else await target.push(data);
        },
    };
    Object.assign(Actor.prototype, { pushData: patched.pushData });
    Object.assign(Dataset.prototype, { pushData: patched.pushToDataset });
    return () => {
        // What somebody else has patched meanwhile stays; ours then finds no target, and passes everything on.
        if (Actor.prototype.pushData === patched.pushData) Actor.prototype.pushData = pushData;
        if (Dataset.prototype.pushData === patched.pushToDataset) Dataset.prototype.pushData = pushToDataset;
    };
}
