import { pointerNames } from '../utils/json-pointer.js';
import { removeFromNames, removeGenericSecrets, type SecretRemover } from '../utils/secrets.js';
import { shorten } from '../utils/text.js';
import type { Fault } from './alternatives.js';
import { failingPath, isMissing } from './sample.js';
import type { ReasonSummary } from './reasons.js';
import { describeAlternatives, describeError, describeTypes } from './words.js';

const MAX_MESSAGE_LENGTH = 400;
const MAX_NAME_LENGTH = 80;

/**
 * A fault in words to be read after its path. That of alternatives is told by the branch that fits best. `pathOf` tells how the
 * path of an error may be shown.
 */
export function describeFault(
    reason: ReasonSummary['reason'],
    { error, best, types, alternatives }: Fault,
    pathOf: (instancePath: string, schemaPath: string) => string,
): string {
    const [closest] = best;
    if (types !== undefined) return describeTypes([...new Set(types.map(String))]) ?? describeError(reason, error);
    if (reason !== 'schema' || closest === undefined) return describeError(reason, error);
    const told = alternatives && describeAlternatives(alternatives);
    if (told !== undefined) return told;
    const words = describeError(reason, closest);
    const below = closest.instancePath.slice(error.instancePath.length);
    const place = below === '' ? 'it' : pathOf(below, closest.schemaPath);
    return shorten(
        `fits none of the alternatives in the schema; in the closest one ${place} ${words}`,
        MAX_MESSAGE_LENGTH,
    );
}

/** The same for one item, whose data may be shown without its credentials: with its path, and the name of what must not be there. */
export function describeFaultOfItem(
    reason: ReasonSummary['reason'],
    fault: Fault,
    removeSecrets: SecretRemover = removeGenericSecrets,
): { path: string; message: string } {
    const words = removeSecrets(describeFault(reason, fault, (path) => removeFromNames(path, removeSecrets)));
    const told = fault.best[0] ?? fault.error;
    const [name = ''] = isMissing(told) ? [] : pointerNames(failingPath(told).slice(told.instancePath.length));
    const shownName = name === '' ? '' : `: ${JSON.stringify(shorten(removeSecrets(name), MAX_NAME_LENGTH))}`;
    return { path: removeFromNames(fault.error.instancePath, removeSecrets), message: `${words}${shownName}` };
}
