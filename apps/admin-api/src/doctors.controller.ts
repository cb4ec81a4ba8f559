import { KeepDoctors } from '@opd/booking';
import { AddDoctorRequest, Doctor, type Outcome } from '@opd/contracts';
import { Route } from '@opd/platform';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

/** The administrators' list of doctors. */
@ApiTags('doctors')
@Controller('v1/doctors')
export class DoctorsController {
  constructor(@Inject(KeepDoctors) private readonly doctors: KeepDoctors) {}

  @Post()
  @Route({
    permission: 'doctors:manage',
    summary: 'Add a doctor',
    body: AddDoctorRequest,
    status: 201,
    reply: Doctor,
    refusals: ['ALREADY_EXISTS', 'OUTCOME_UNKNOWN'],
  })
  add(@Body() body: z.infer<typeof AddDoctorRequest>): Promise<Outcome<Doctor>> {
    return this.doctors.add(body);
  }
}
