import { Configuration } from 'apify';
import { describe } from 'vitest';

import { describeAttempts } from './support/attempts.js';
import { stageOnLaptop } from './support/crawling.js';
import { describeOwnConfiguration } from './support/own-configuration.js';

const stage = stageOnLaptop();

describe('on a laptop', () => {
    describeAttempts(stage);
    describeOwnConfiguration(stage, () => new Configuration({ purgeOnStart: false }));
});
