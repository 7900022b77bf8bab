import { Configuration } from 'apify';
import { describe } from 'vitest';

import { stageOnLaptop } from './support/crawling.js';
import { describeInstalled } from './support/installed.js';

const stage = stageOnLaptop();

describe('install() on a laptop', () => {
    // Another object for the same folder.
    describeInstalled(stage, () => new Configuration({ purgeOnStart: false }));
});
