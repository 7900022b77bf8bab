import type { ContenderName, Place } from './contenders.js';
import type { ShapeName } from './shapes.js';

/** The task of one contender, in a process of its own. */
export interface Task {
    readonly contender: ContenderName;
    readonly place: Place;
    readonly shape: ShapeName;
    /** Each answer of the platform takes so long. */
    readonly latencyMillis: number;
    readonly items: number;
    /** Stored before the clock starts. */
    readonly warmUpItems: number;
}

/** The measurements of the contender's process, from before the first push until all items were stored. */
export interface Measured {
    readonly millis: number;
    /** Of all threads of the process. */
    readonly cpuMillis: number;
    readonly startRssBytes: number;
    readonly peakRssBytes: number;
    /** For so long the event loop was blocked at most. */
    readonly longestDelayMillis: number;
    /** Of single calls of `pushData`. */
    readonly pushP50Millis: number;
    readonly pushP99Millis: number;
}

/** The requests that the platform received, counted by its server. */
export interface Received {
    readonly requests: number;
    /** As sent, compressed or not. */
    readonly wireBytes: number;
    /** Decompressed. */
    readonly jsonBytes: number;
    /** JSON of the largest request. */
    readonly largestRequestBytes: number;
    /** CPU of the server meanwhile. */
    readonly serverCpuMillis: number;
}

export interface Sample extends Task, Measured, Received {
    /** Samples of one round were taken one after the other and are compared with each other. */
    readonly round: number;
}
