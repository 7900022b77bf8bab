import { ApiError, data, type Route } from './exchange.js';

export interface BuildOptions {
    id: string;
    actorId: string;
    /** The content of `actor.json` with its files resolved, as the platform keeps it; none when absent. */
    actorDefinition?: Record<string, any>;
}

export class Builds {
    readonly #builds = new Map<string, BuildOptions>();

    add(options: BuildOptions): void {
        this.#builds.set(options.id, options);
    }

    routes(): Route[] {
        return [['GET', 'actor-builds/:id', (_call, id) => data(this.#view(id!))]];
    }

    #view(id: string): Record<string, unknown> {
        const build = this.#builds.get(id);
        if (!build) throw new ApiError(404, 'record-not-found', 'Actor build was not found');
        const { actorId, actorDefinition } = build;
        return {
            id,
            actId: actorId,
            status: 'SUCCEEDED',
            buildNumber: '0.1.1',
            startedAt: new Date(),
            actorDefinition,
        };
    }
}
