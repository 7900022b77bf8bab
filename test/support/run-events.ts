import { Actor } from 'apify';

/** Sends an event to this process's listeners, as the SDK does, and waits for them. */
export async function emitEvent(
    name: 'migrating' | 'aborting' | 'persistState' | 'exit',
    data: Record<string, unknown> = {},
): Promise<void> {
    const events = Actor.config.getEventManager();
    events.emit(name as 'exit', data);
    await events.waitForAllListenersToComplete();
}
