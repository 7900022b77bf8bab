import { checkStorageAccess } from '../apify/crawlee-core.js';
import type { DoorHost, GuardableContext } from './door.js';
import { inCrawler, rejectAdaptive, requestInfoOf } from './door.js';
import { isCollected } from './handler.js';

/** A middleware for `router.use()`: `context.pushData` then resolves when its items are stored or quarantined. One for each guard. */
export function createRouterHook(host: DoorHost): (context: GuardableContext) => void {
    const hooked = new WeakSet<GuardableContext>();
    return (context) => {
        rejectAdaptive(context, 'guard.routerHook()');
        // Behind guard.handler() the handler's own push counts.
        if (hooked.has(context) || isCollected(host, context)) return;
        hooked.add(context);
        const { pushData } = context;
        context.pushData = async (data, datasetIdOrName) => {
            checkStorageAccess();
            const isOurs = host.takes(datasetIdOrName, context.crawler);
            if (isOurs && host.isClosed) host.warnClosed();
            if (!isOurs || host.isClosed) {
                await pushData(data, datasetIdOrName);
                return;
            }
            const request = requestInfoOf(context.request);
            await inCrawler(async () => host.pusher.pushStored(data, { request }));
        };
    };
}
