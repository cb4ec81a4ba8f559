import 'reflect-metadata';
import { runApi } from '@opd/platform';
import { createPatientApi } from './patient-api';

void runApi({ create: createPatientApi, port: (settings) => settings.patientApiPort });
