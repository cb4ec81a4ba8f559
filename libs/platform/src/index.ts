export { readSettings, SettingsError, LOG_LEVELS, type LogLevel, type Settings } from './settings';

export { createApi, type ApiParts } from './api';
export { runApi, runOrExplain, type ApiProcess } from './run';

export { Route, type RouteDeclaration } from './http/route';
export { RouteWithoutPermissionError, type Authenticator, type RouteAccess } from './http/access';
export { ArrivedAt, Caller, ClientGone, HeaderSetter, type SetHeader } from './http/request';
export { type QueryClass } from './http/check';
export { PROBLEM_MEDIA_TYPE } from './http/problem';

export { BootError, connectMongo, mongoCheck, MongoModule } from './mongo';
export { type ReadinessCheck } from './observe/health';
export { createLogger } from './observe/logger';
export { createMetrics } from './observe/metrics';
