import { Actor, Configuration } from 'apify';
import { describe } from 'vitest';

import { describeAttempts } from './support/attempts.js';
import { stageOnPlatform } from './support/crawling.js';
import { describeOwnConfiguration } from './support/own-configuration.js';

const stage = stageOnPlatform();

describe('on the platform', () => {
    describeAttempts(stage);
    describeOwnConfiguration(stage, () => {
        const configuration = new Configuration();
        configuration.useStorageClient(Actor.newClient());
        return configuration;
    });
});
