import { startApiServer } from '../../test/support/api-server.js';
import { platformEnv } from '../../test/support/platform-env.js';
import { FIELDS } from './item.js';

/** Stands for the platform: takes items, counts them and forgets them. */
const server = await startApiServer({
    keepBodies: false,
    keepItems: false,
    dataset: { schema: { actorSpecification: 1, fields: FIELDS } },
});

process.on('message', () => {
    const pushes = server.pushRequests();
    process.send?.({
        requests: pushes.length,
        storedItems: server.dataset()?.itemCount,
        largestRequestBytes: Math.max(...pushes.map(({ byteLength }) => byteLength)),
    });
});
process.once('disconnect', () => {
    void server.close();
});
process.send?.({ env: platformEnv(server) });
