// The guards of a process share the run's key-value store: so must be the list of what each of them has there.
const takenKeys = new Set<string>();
const places = new Map<string, Set<number>>();

/** A record that this process has saved or taken over: no other guard of the process may send it as well. */
export function takeRecord(key: string): boolean {
    if (takenKeys.has(key)) return false;
    takenKeys.add(key);
    return true;
}

/** The record could not be read; it may be tried again. */
export function leaveRecord(key: string): void {
    takenKeys.delete(key);
}

/** The lowest place, from 1, that no other open guard on the dataset has: the same again in the run's next process. */
export function takePlace(datasetId: string): number {
    const taken = places.get(datasetId) ?? new Set();
    places.set(datasetId, taken);
    let place = 1;
    while (taken.has(place)) place++;
    taken.add(place);
    return place;
}

export function leavePlace(datasetId: string, place: number): void {
    places.get(datasetId)?.delete(place);
}
