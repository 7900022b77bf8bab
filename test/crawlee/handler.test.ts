import { describe } from 'vitest';

import { describeAttempts } from './support/attempts.js';
import { stageOnPlatform } from './support/crawling.js';

const stage = stageOnPlatform();

describe('on the platform', () => describeAttempts(stage));
