export * from '../../src/testing/server/api-server.js';
