import { ChangeSlots, OpenSlots } from '@opd/booking';
import {
  ChangeSlotRequest,
  DayOfDoctor,
  OpenRangeReply,
  OpenRangeRequest,
  OpenSlotRequest,
  SetDelayRequest,
  Slot,
  SlotPage,
  type Outcome,
  type Page,
} from '@opd/contracts';
import { Route } from '@opd/platform';
import { Body, Controller, Inject, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

/** Slots as the administrators open and change them. Nobody who is booked is moved by it. */
@ApiTags('slots')
@Controller('v1')
export class SlotsController {
  constructor(
    @Inject(OpenSlots) private readonly openSlots: OpenSlots,
    @Inject(ChangeSlots) private readonly changeSlots: ChangeSlots,
  ) {}

  @Post('slots')
  @Route({
    permission: 'slots:manage',
    summary: 'Open one slot',
    body: OpenSlotRequest,
    status: 201,
    reply: Slot,
    refusals: ['NOT_FOUND', 'ALREADY_EXISTS', 'SLOT_OVERLAPS', 'OUTCOME_UNKNOWN'],
  })
  open(@Body() body: z.infer<typeof OpenSlotRequest>): Promise<Outcome<Slot>> {
    return this.openSlots.one(body);
  }

  @Post('slots/open-range')
  @Route({
    permission: 'slots:manage',
    summary: 'Open what is missing on several days; all of it, or nothing',
    body: OpenRangeRequest,
    status: 201,
    reply: OpenRangeReply,
    refusals: ['NOT_FOUND', 'SLOT_OVERLAPS', 'OUTCOME_UNKNOWN'],
  })
  openRange(@Body() body: z.infer<typeof OpenRangeRequest>): Promise<Outcome<OpenRangeReply>> {
    return this.openSlots.range(body);
  }

  @Patch('slots/:slotId')
  @Route({
    permission: 'slots:manage',
    summary: 'Open or close a slot, or replace its capacity',
    body: ChangeSlotRequest,
    reply: Slot,
    refusals: ['NOT_FOUND', 'CAPACITY_IN_USE', 'OUTCOME_UNKNOWN'],
  })
  change(
    @Param('slotId') slotId: string,
    @Body() body: z.infer<typeof ChangeSlotRequest>,
  ): Promise<Outcome<Slot>> {
    return this.changeSlots.change(slotId, body);
  }

  @Put('slots/:slotId/delay')
  @Route({
    permission: 'slots:manage',
    summary: 'The doctor is late for this slot, or no longer',
    body: SetDelayRequest,
    reply: Slot,
    refusals: ['NOT_FOUND', 'OUTCOME_UNKNOWN'],
  })
  delaySlot(
    @Param('slotId') slotId: string,
    @Body() body: z.infer<typeof SetDelayRequest>,
  ): Promise<Outcome<Slot>> {
    return this.changeSlots.delaySlot(slotId, body);
  }

  @Put('doctors/:doctorId/days/:date/delay')
  @Route({
    permission: 'slots:manage',
    summary: 'The doctor is late on this day, or no longer',
    params: DayOfDoctor,
    body: SetDelayRequest,
    reply: SlotPage,
    refusals: ['NOT_FOUND', 'OUTCOME_UNKNOWN'],
  })
  delayDay(
    @Param('doctorId') doctorId: string,
    @Param('date') date: string,
    @Body() body: z.infer<typeof SetDelayRequest>,
  ): Promise<Outcome<Page<Slot>>> {
    return this.changeSlots.delayDay(doctorId, date, body);
  }
}
