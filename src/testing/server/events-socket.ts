import { type Server } from 'node:http';

import { WebSocket, WebSocketServer } from 'ws';

/** The web socket over which the platform tells a run what is about to happen. */
export class EventsSocket {
    readonly #sockets: WebSocketServer;
    readonly #waiting = new Set<() => void>();

    constructor(server: Server, path: string) {
        this.#sockets = new WebSocketServer({ server, path });
        this.#sockets.on('connection', () => {
            for (const check of this.#waiting) check();
        });
    }

    /** How many listeners are connected. */
    get listeners(): number {
        return this.#open().length;
    }

    /** Resolves once `count` listeners are connected. */
    async connected(count = 1): Promise<void> {
        if (this.listeners >= count) return;
        await new Promise<void>((resolve) => {
            const check = (): void => {
                if (this.listeners < count) return;
                this.#waiting.delete(check);
                resolve();
            };
            this.#waiting.add(check);
        });
    }

    /** Sends the event to all that listen, and tells how many they are. An event that nobody hears is gone. */
    emit(name: string, data: unknown = {}): number {
        const open = this.#open();
        for (const socket of open) socket.send(JSON.stringify({ name, data }));
        return open.length;
    }

    /** Cuts all connections, as when the platform's side restarts. */
    drop(): void {
        for (const socket of this.#sockets.clients) socket.terminate();
    }

    close(): void {
        this.drop();
        this.#sockets.close();
    }

    #open(): WebSocket[] {
        return [...this.#sockets.clients].filter(({ readyState }) => readyState === WebSocket.OPEN);
    }
}
