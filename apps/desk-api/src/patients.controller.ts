import { PatientDirectory } from '@opd/auth';
import { PatientPage, type Outcome, type Page, type Patient } from '@opd/contracts';
import { PatientsQuery } from '@opd/host';
import { Route } from '@opd/platform';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

/** The desk's look into the patients. */
@ApiTags('patients')
@Controller('v1/patients')
export class PatientsController {
  constructor(@Inject(PatientDirectory) private readonly patients: PatientDirectory) {}

  @Get()
  @Route({
    permission: 'patients:read',
    summary: 'Find patients by phone: the full number or at least its last 4 digits',
    query: PatientsQuery,
    reply: PatientPage,
  })
  search(@Query() query: PatientsQuery): Promise<Outcome<Page<Patient>>> {
    return this.patients.search(query.phone, query.limit, query.cursor);
  }
}
