export { spawnTestMongod, spawnTestRedis, testMongoUri, testRedisUrl } from './servers';
export { auditSlots, type AuditExpectations, type Finding } from './audit';
export { auditAnswers, type ClientAnswer } from './audit-answers';
export { freePort } from '@opd/services';
export { ApiClient, ApiReply, type ApiRequest } from './api-client';
export {
  Clinic,
  clinicEnv,
  type ApiApp,
  type ClinicAddresses,
  type ClinicApps,
  type SignedInPatient,
} from './clinic';
