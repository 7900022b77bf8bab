import { CONTENDERS, type ContenderName } from './contenders.js';
import { itemCount } from './counts.js';
import type { Task } from './measurement.js';
import type { BenchOptions } from './options.js';

export interface ScheduledTask {
    readonly task: Task;
    readonly round: number;
}

/**
 * All samples in the order in which they are taken. The contenders of one place, shape and latency take turns, forwards
 * in one round and backwards in the next (A B, B A): what changes slowly on the machine hits all of them alike.
 */
export function schedule(options: BenchOptions): ScheduledTask[] {
    const tasks: ScheduledTask[] = [];
    for (const setting of settings(options)) {
        const contenders = options.contenders.filter((name) => canRun(name, setting.place));
        for (let round = 0; round < options.pairs; round++) {
            const turn = round % 2 === 0 ? contenders : [...contenders].reverse();
            for (const contender of turn) {
                const task = { ...setting, contender };
                tasks.push({ task: { ...task, items: itemCount(task, options.seconds) }, round });
            }
        }
    }
    return tasks;
}

function settings({ places, shapes, latencies }: BenchOptions): Omit<Task, 'contender' | 'items'>[] {
    return places.flatMap((place) =>
        shapes.flatMap((shape) =>
            // Files on a laptop answer as fast as they can.
            (place === 'local' ? [0] : latencies).map((latencyMillis) => ({ place, shape, latencyMillis })),
        ),
    );
}

function canRun(name: ContenderName, place: Task['place']): boolean {
    return (CONTENDERS[name].places as readonly string[]).includes(place);
}
