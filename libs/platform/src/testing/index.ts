// What the specs of this lib share; no part of its public names.
export { connectRedis, createTestApi, startTestApi, TEST_ENV, type TestApi } from './api';
export { call, type Body, type Reply, type TestRequest } from './client';
export { seen } from './controller';
