import fc from 'fast-check';

// The same cases each time, so that CI fails only for what has changed; the long form draws others.
if (process.env.MODE !== 'long') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_126 });

export default fc;
