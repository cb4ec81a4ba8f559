import 'reflect-metadata';
import { runApi } from '@opd/platform';
import { createDeskApi } from './desk-api';

void runApi({ create: createDeskApi, port: (settings) => settings.deskApiPort });
