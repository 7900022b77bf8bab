export * from '../../src/testing/platform-env.js';
