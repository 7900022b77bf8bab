import { checkStorageAccess } from '../apify/crawlee-core.js';
import type { GuardableContext, GuardHandle } from './guard-handle.js';
import { inCrawler, rejectAdaptive, requestInfoOf } from './guard-handle.js';
import { isCollected } from './handler.js';

/** A middleware for `router.use()`: `context.pushData` then resolves when its items are stored or quarantined. One for each guard. */
export function createRouterHook(guard: GuardHandle): (context: GuardableContext) => void {
    const hooked = new WeakSet<GuardableContext>();
    return (context) => {
        rejectAdaptive(context, 'guard.routerHook()');
        // Behind guard.handler() the handler collects.
        if (hooked.has(context) || isCollected(guard, context)) return;
        hooked.add(context);
        if (!guard.isClosed && !guard.isReachedBy(context.crawler)) guard.warnForeign();
        const { pushData } = context;
        context.pushData = async (data, datasetIdOrName) => {
            checkStorageAccess();
            const isOurs = guard.takes(datasetIdOrName, context.crawler);
            if (isOurs && guard.isClosed) guard.warnClosed();
            if (!isOurs || guard.isClosed) {
                await pushData(data, datasetIdOrName);
                return;
            }
            const request = requestInfoOf(context.request);
            await inCrawler(async () => guard.pusher.push(data, { ack: 'stored', request }));
        };
    };
}
