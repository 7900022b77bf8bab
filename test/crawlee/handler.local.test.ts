import { describe } from 'vitest';

import { describeAttempts } from './support/attempts.js';
import { stageOnLaptop } from './support/crawling.js';

const stage = stageOnLaptop();

describe('on a laptop', () => describeAttempts(stage));
