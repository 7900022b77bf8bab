import { describe } from 'vitest';

import { stageOnLaptop } from './support/crawling.js';
import { describeUnique } from './support/unique.js';

describe('on a laptop', () => {
    describeUnique(stageOnLaptop());
});
