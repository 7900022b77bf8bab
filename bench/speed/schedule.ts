import { CONTENDERS, type ContenderName } from './contenders.js';
import { itemCounts } from './counts.js';
import type { Task } from './measurement.js';
import type { Plan, Preset } from './presets.js';

export interface ScheduledTask {
    readonly task: Task;
    readonly round: number;
}

type Setting = Pick<Task, 'place' | 'shape' | 'latencyMillis'>;

/**
 * All samples in the order in which they are taken. The contenders of one place, shape and latency take turns, forwards
 * in one round and backwards in the next (A B, B A): what changes slowly on the machine hits all of them alike.
 */
export function schedule({ plans, pairs, seconds }: Preset): ScheduledTask[] {
    const tasks: ScheduledTask[] = [];
    for (const plan of plans) {
        for (const setting of settings(plan)) {
            const contenders = plan.contenders.filter((name) => canRun(name, setting.place));
            for (let round = 0; round < pairs; round++) {
                for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
                    const task = { ...setting, contender };
                    tasks.push({ task: { ...task, ...itemCounts(task, seconds) }, round });
                }
            }
        }
    }
    return tasks;
}

function settings({ places, shapes, latencies }: Plan): Setting[] {
    return places.flatMap((place) =>
        shapes.flatMap((shape) =>
            // Local files answer as fast as they can.
            (place === 'local' ? [0] : latencies).map((latencyMillis) => ({ place, shape, latencyMillis })),
        ),
    );
}

function canRun(name: ContenderName, place: Task['place']): boolean {
    return (CONTENDERS[name].places as readonly string[]).includes(place);
}
