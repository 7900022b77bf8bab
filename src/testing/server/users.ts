import { ApiError, type Call, data, type Route } from './exchange.js';

export interface UserOptions {
    userId: string;
    username: string;
    /** The token that requests need; null lets everyone in. */
    token: string | null;
}

/** Rejects a request that is not the user's. */
export function authenticate(call: Call, { token }: UserOptions): void {
    if (token === null) return;
    const given = /^Bearer (.+)$/i.exec(call.headers.authorization ?? '')?.[1] ?? call.query.get('token');
    if (given === token) return;
    throw given
        ? new ApiError(401, 'user-or-token-not-found', 'User was not found or authentication token is not valid')
        : new ApiError(401, 'token-not-provided', 'Authentication token was not provided');
}

export function userRoutes({ userId, username }: UserOptions): Route[] {
    return [
        [
            'GET',
            'users/:id',
            (_call, id) => {
                if (![userId, username, 'me'].includes(id!)) {
                    throw new ApiError(404, 'record-not-found', 'User was not found');
                }
                return data({ id: userId, username, isPaying: true, proxy: { password: 'none', groups: [] } });
            },
        ],
    ];
}
