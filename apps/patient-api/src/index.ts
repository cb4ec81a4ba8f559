export { createPatientApi } from './patient-api';
