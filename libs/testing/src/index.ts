export { spawnTestMongod, spawnTestRedis, testMongoUri, testRedisUrl } from './servers';
