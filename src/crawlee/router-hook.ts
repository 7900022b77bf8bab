import { checkStorageAccess } from '../apify/crawlee-core.js';
import type { DoorHost, GuardableContext } from './door.js';
import { inCrawler, isGuarded, markGuarded, rejectAdaptive, requestInfoOf } from './door.js';

/** A middleware for `router.use()`: `context.pushData` then resolves when its items are stored or quarantined. */
export function createRouterHook(host: DoorHost): (context: GuardableContext) => void {
    return (context) => {
        rejectAdaptive(context, 'guard.routerHook()');
        const { pushData } = context;
        // Behind guard.handler() the handler's own push counts.
        if (isGuarded(pushData)) return;
        context.pushData = markGuarded(async (data, datasetIdOrName) => {
            checkStorageAccess();
            if (host.isClosed || !host.takes(datasetIdOrName)) {
                await pushData(data, datasetIdOrName);
                return;
            }
            await inCrawler(host.pusher.pushData(data, { ack: 'stored', request: requestInfoOf(context.request) }));
        });
    };
}
