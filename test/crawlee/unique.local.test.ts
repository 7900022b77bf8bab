import { describe } from 'vitest';

import { stageLocally } from './support/crawling.js';
import { describeUnique } from './support/unique.js';

describe('locally', () => {
    describeUnique(stageLocally());
});
