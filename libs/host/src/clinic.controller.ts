import { KeepDoctors, ReadSlots } from '@opd/booking';
import { DoctorPage, Slot, SlotPage, type Doctor, type Outcome, type Page } from '@opd/contracts';
import { Route } from '@opd/platform';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { PageQuery, SlotsQuery } from './queries';

/** What every API shows: doctors, and their slots with what is left. No personal data. */
@ApiTags('clinic')
@Controller('v1')
export class ClinicController {
  constructor(
    @Inject(KeepDoctors) private readonly doctors: KeepDoctors,
    @Inject(ReadSlots) private readonly slots: ReadSlots,
  ) {}

  @Get('doctors')
  @Route({
    permission: 'public',
    summary: 'The doctors of the clinic',
    query: PageQuery,
    reply: DoctorPage,
  })
  listDoctors(@Query() query: PageQuery): Promise<Outcome<Page<Doctor>>> {
    return this.doctors.list(query.limit, query.cursor);
  }

  @Get('doctors/:doctorId/slots')
  @Route({
    permission: 'public',
    summary: "A doctor's slots in order of time, closed and ended ones included",
    query: SlotsQuery,
    reply: SlotPage,
    refusals: ['NOT_FOUND'],
  })
  listSlots(
    @Param('doctorId') doctorId: string,
    @Query() query: SlotsQuery,
  ): Promise<Outcome<Page<Slot>>> {
    return this.slots.ofDoctor({ doctorId, ...query });
  }

  @Get('slots/:slotId')
  @Route({
    permission: 'slots:read',
    summary: 'One slot: what it holds, what is booked and what is left',
    reply: Slot,
    refusals: ['NOT_FOUND'],
  })
  readSlot(@Param('slotId') slotId: string): Promise<Outcome<Slot>> {
    return this.slots.one(slotId);
  }
}
