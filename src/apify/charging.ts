import type { ChargeResult } from 'apify';
import { Actor } from 'apify';

/** The event that the platform charges by itself for each item of the default dataset; the SDK only tracks it. */
const DEFAULT_DATASET_ITEM_EVENT = 'apify-default-dataset-item';

/** Pay-per-event charging of items, as `Actor.pushData` does it. */
export interface Charging {
    /** Whether the run is paid per event, so that a push may cost something. */
    readonly isActive: boolean;
    /** Whether an item of a push with this event name has a price, so that pushes go one after the other. */
    isPriced(eventName: string | undefined): boolean;
    /**
     * How many of `itemCount` items the user's budget lets through. Like the SDK, one more than nothing when the budget
     * is used up to the cent, so that the platform sees the limit reached and ends the run.
     */
    budget(itemCount: number, eventName: string | undefined): number;
    /** Charges for items that are stored. `trimmedItems` of the call were held back by the budget. */
    charge(storedItems: number, trimmedItems: number, eventName: string | undefined): Promise<ChargeResult>;
}

/** The result where nothing is charged. */
export const NO_CHARGE: Readonly<ChargeResult> = Object.freeze({
    eventChargeLimitReached: false,
    chargedCount: 0,
    chargeableWithinLimit: Object.freeze({}) as Record<string, number>,
});

/** Charging for the dataset with `datasetId`. To be called after `Actor.init()`, which loads the prices. */
export function createCharging(datasetId: string, isInitialized: boolean): Charging {
    const manager = Actor.getDefaultInstance().getChargingManager();
    const isActive = isInitialized && manager.getPricingInfo().isPayPerEvent;
    const isDefaultDataset = datasetId === Actor.config.get('defaultDatasetId');

    return {
        isActive,
        isPriced(eventName) {
            if (!isActive) return false;
            const { perEventPrices } = manager.getPricingInfo();
            return (
                eventName !== undefined || (isDefaultDataset && (perEventPrices[DEFAULT_DATASET_ITEM_EVENT] ?? 0) > 0)
            );
        },
        budget(itemCount, eventName) {
            if (!isActive) return itemCount;
            // Only the number of items counts here.
            const items = new Array<unknown>(itemCount);
            return manager.calculatePushDataLimits({ items, eventName, isDefaultDataset }).limitedItems.length;
        },
        async charge(storedItems, trimmedItems, eventName) {
            const events = [eventName, isDefaultDataset ? DEFAULT_DATASET_ITEM_EVENT : undefined];
            const names = events.filter((name) => name !== undefined);
            if (!isActive || storedItems === 0 || names.length === 0) {
                return { ...NO_CHARGE, eventChargeLimitReached: isActive && storedItems === 0 && trimmedItems > 0 };
            }
            // At once, as the SDK does: each result then tells of the budget after both.
            const results = await Promise.all(
                names.map(async (name) => manager.charge({ eventName: name, count: storedItems })),
            );
            return results.reduce(merge);
        },
    };
}

function merge(a: ChargeResult, b: ChargeResult): ChargeResult {
    return {
        eventChargeLimitReached: a.eventChargeLimitReached || b.eventChargeLimitReached,
        chargedCount: a.chargedCount + b.chargedCount,
        chargeableWithinLimit: Object.fromEntries(
            Object.entries(a.chargeableWithinLimit).map(([name, count]) => [
                name,
                Math.min(count, b.chargeableWithinLimit[name] ?? count),
            ]),
        ),
    };
}
