import fc from 'fast-check';
import { IS_LONG } from './mode.js';

// The same cases each time, so that CI fails only for what has changed; the long form draws others.
if (!IS_LONG) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_126 });

export default fc;
