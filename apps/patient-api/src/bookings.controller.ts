import { AdvanceVisit, BookSlot, ReadBookings } from '@opd/booking';
import {
  Booking,
  BookingPage,
  CancelRequest,
  OwnBookingRequest,
  type Identity,
  type Outcome,
  type Page,
} from '@opd/contracts';
import { BookingHeaders, bookingReply, PageQuery } from '@opd/host';
import { ArrivedAt, Caller, ClientGone, HeaderSetter, Route, type SetHeader } from '@opd/platform';
import { Body, Controller, Get, Headers, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

/** A patient's own bookings. Another patient's booking is as good as none. */
@ApiTags('bookings')
@Controller('v1/bookings')
export class BookingsController {
  constructor(
    @Inject(BookSlot) private readonly bookSlot: BookSlot,
    @Inject(ReadBookings) private readonly readBookings: ReadBookings,
    @Inject(AdvanceVisit) private readonly advanceVisit: AdvanceVisit,
  ) {}

  @Post()
  @Route({
    permission: 'own-bookings:create',
    summary: 'Book a seat for oneself',
    headers: BookingHeaders,
    body: OwnBookingRequest,
    status: 201,
    reply: Booking,
    refusals: [
      'TYPE_NOT_ALLOWED',
      'NOT_FOUND',
      'IDEMPOTENCY_KEY_REUSED',
      'SLOT_CLOSED',
      'SLOT_ENDED',
      'ALREADY_BOOKED',
      'TOO_MANY_ACTIVE_BOOKINGS',
      'TOO_MANY_BOOKINGS_IN_SLOT',
      'SLOT_RECORD_FULL',
      'SLOT_FULL',
      'SLOT_BUSY',
      'LOCK_UNAVAILABLE',
      'OUTCOME_UNKNOWN',
    ],
  })
  async book(
    @Body() body: z.infer<typeof OwnBookingRequest>,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Caller() by: Identity,
    @ArrivedAt() arrivedAtMs: number,
    @ClientGone() clientGone: AbortSignal,
    @HeaderSetter() setHeader: SetHeader,
  ): Promise<Outcome<Booking>> {
    const booked = await this.bookSlot.execute({
      ...body,
      patientId: by.userId,
      by,
      idempotencyKey,
      arrival: { arrivedAtMs, clientGone },
    });
    return bookingReply(booked, setHeader);
  }

  @Get()
  @Route({
    permission: 'own-bookings:read',
    summary: "One's own bookings, newest slot first",
    query: PageQuery,
    reply: BookingPage,
  })
  list(@Caller() by: Identity, @Query() query: PageQuery): Promise<Outcome<Page<Booking>>> {
    return this.readBookings.ofPatient(by.userId, query);
  }

  @Get(':bookingId')
  @Route({
    permission: 'own-bookings:read',
    summary: "One of one's own bookings",
    reply: Booking,
    refusals: ['NOT_FOUND'],
  })
  read(@Caller() by: Identity, @Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.readBookings.one(bookingId, by.userId);
  }

  @Post(':bookingId/cancel')
  @Route({
    permission: 'own-bookings:cancel',
    summary: "Cancel one of one's own bookings; the seat is free at once",
    body: CancelRequest,
    reply: Booking,
    refusals: ['NOT_FOUND', 'INVALID_TRANSITION', 'OUTCOME_UNKNOWN'],
  })
  cancel(
    @Caller() by: Identity,
    @Param('bookingId') bookingId: string,
    @Body() body: z.infer<typeof CancelRequest>,
  ): Promise<Outcome<Booking>> {
    const { reason } = body;
    return this.advanceVisit.execute({ bookingId, to: 'CANCELLED', patientId: by.userId, reason });
  }
}
