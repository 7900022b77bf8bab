import { readFileSync, writeFileSync } from 'node:fs';

/** From now on the peak is that of what follows. Only Linux can forget an earlier peak; elsewhere it counts too. */
export function resetPeakRss(): void {
    try {
        writeFileSync('/proc/self/clear_refs', '5');
    } catch {
        // Not Linux, or not allowed.
    }
}

/** As the kernel counts it, so that no moment is missed. */
export function peakRssBytes(): number {
    return peakFromProc() ?? process.resourceUsage().maxRSS * 1_024;
}

function peakFromProc(): number | undefined {
    try {
        const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
        return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024;
    } catch {
        return undefined;
    }
}
