import 'reflect-metadata';
import { runApi } from '@opd/platform';
import { createAdminApi } from './admin-api';

void runApi({ create: createAdminApi, port: (settings) => settings.adminApiPort });
