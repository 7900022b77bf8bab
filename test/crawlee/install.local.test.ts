import { Configuration } from 'apify';
import { describe } from 'vitest';

import { stageLocally } from './support/crawling.js';
import { describeInstalled } from './support/installed.js';

const stage = stageLocally();

describe('install() locally', () => {
    // Another object for the same folder.
    describeInstalled(stage, () => new Configuration({ purgeOnStart: false }));
});
