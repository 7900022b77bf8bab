import { Configuration } from 'apify';
import { describe } from 'vitest';

import { describeAttempts } from './support/attempts.js';
import { stageLocally } from './support/crawling.js';
import { describeOwnConfiguration } from './support/own-configuration.js';

const stage = stageLocally();

describe('locally', () => {
    describeAttempts(stage);
    describeOwnConfiguration(stage, () => new Configuration({ purgeOnStart: false }));
});
