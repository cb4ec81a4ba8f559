import { AdvanceVisit, BookSlot, ReadBookings, ReinstateBooking } from '@opd/booking';
import {
  Booking,
  BookingPage,
  CancelRequest,
  DeskBookingRequest,
  EmptyRequest,
  type Identity,
  type Outcome,
  type Page,
  type ProblemCode,
} from '@opd/contracts';
import { BookingHeaders, bookingReply, PageQuery } from '@opd/host';
import {
  ArrivedAt,
  Caller,
  ClientGone,
  HeaderSetter,
  Route,
  type RouteDeclaration,
  type SetHeader,
} from '@opd/platform';
import { Body, Controller, Get, Headers, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

const SEAT_REFUSALS: readonly ProblemCode[] = [
  'NOT_FOUND',
  'SLOT_CLOSED',
  'SLOT_ENDED',
  'ALREADY_BOOKED',
  'TOO_MANY_ACTIVE_BOOKINGS',
  'SLOT_FULL',
  'SLOT_BUSY',
  'LOCK_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
];

/** The declaration that all steps of a visit share. */
function step(summary: string): RouteDeclaration {
  return {
    permission: 'bookings:serve',
    summary,
    body: EmptyRequest,
    reply: Booking,
    refusals: ['NOT_FOUND', 'INVALID_TRANSITION', 'OUTCOME_UNKNOWN'],
  };
}

/** Bookings as the desk makes, reads and serves them. */
@ApiTags('bookings')
@Controller('v1')
export class BookingsController {
  constructor(
    @Inject(BookSlot) private readonly bookSlot: BookSlot,
    @Inject(ReadBookings) private readonly readBookings: ReadBookings,
    @Inject(AdvanceVisit) private readonly advanceVisit: AdvanceVisit,
    @Inject(ReinstateBooking) private readonly reinstateBooking: ReinstateBooking,
  ) {}

  @Post('bookings')
  @Route({
    permission: 'bookings:create',
    summary: 'Book a seat for a patient, known by id or given by name and phone',
    headers: BookingHeaders,
    body: DeskBookingRequest,
    status: 201,
    reply: Booking,
    refusals: [
      ...SEAT_REFUSALS,
      'IDEMPOTENCY_KEY_REUSED',
      'TOO_MANY_BOOKINGS_IN_SLOT',
      'SLOT_RECORD_FULL',
    ],
  })
  async book(
    @Body() body: z.infer<typeof DeskBookingRequest>,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Caller() by: Identity,
    @ArrivedAt() arrivedAtMs: number,
    @ClientGone() clientGone: AbortSignal,
    @HeaderSetter() setHeader: SetHeader,
  ): Promise<Outcome<Booking>> {
    const booked = await this.bookSlot.execute({
      ...body,
      by,
      idempotencyKey,
      arrival: { arrivedAtMs, clientGone },
    });
    return bookingReply(booked, setHeader);
  }

  @Get('slots/:slotId/bookings')
  @Route({
    permission: 'bookings:read',
    summary: 'The register of a slot, by token number',
    query: PageQuery,
    reply: BookingPage,
    refusals: ['NOT_FOUND'],
  })
  register(
    @Param('slotId') slotId: string,
    @Query() query: PageQuery,
  ): Promise<Outcome<Page<Booking>>> {
    return this.readBookings.ofSlot(slotId, query);
  }

  @Get('bookings/:bookingId')
  @Route({
    permission: 'bookings:read',
    summary: 'One booking',
    reply: Booking,
    refusals: ['NOT_FOUND'],
  })
  read(@Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.readBookings.one(bookingId);
  }

  @Post('bookings/:bookingId/cancel')
  @Route({
    ...step('Cancel a booking; the seat is free at once'),
    permission: 'bookings:cancel',
    body: CancelRequest,
  })
  cancel(
    @Param('bookingId') bookingId: string,
    @Body() { reason }: z.infer<typeof CancelRequest>,
  ): Promise<Outcome<Booking>> {
    return this.advanceVisit.execute({ bookingId, to: 'CANCELLED', reason });
  }

  @Post('bookings/:bookingId/noshow')
  @Route(step('The patient did not come; the seat is free at once'))
  markNoShow(@Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.advanceVisit.execute({ bookingId, to: 'NOSHOW' });
  }

  @Post('bookings/:bookingId/check-in')
  @Route(step('The patient has come'))
  checkIn(@Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.advanceVisit.execute({ bookingId, to: 'CHECKED_IN' });
  }

  @Post('bookings/:bookingId/start')
  @Route(step('The patient is with the doctor'))
  start(@Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.advanceVisit.execute({ bookingId, to: 'IN_CONSULTATION' });
  }

  @Post('bookings/:bookingId/complete')
  @Route(step('The visit is over'))
  complete(@Param('bookingId') bookingId: string): Promise<Outcome<Booking>> {
    return this.advanceVisit.execute({ bookingId, to: 'COMPLETED' });
  }

  @Post('bookings/:bookingId/reinstate')
  @Route({
    ...step('A missed visit is taken back, with its token, if a seat is free'),
    refusals: [...SEAT_REFUSALS, 'INVALID_TRANSITION'],
  })
  reinstate(
    @Param('bookingId') bookingId: string,
    @Caller() by: Identity,
    @ArrivedAt() arrivedAtMs: number,
    @ClientGone() clientGone: AbortSignal,
  ): Promise<Outcome<Booking>> {
    return this.reinstateBooking.execute({ bookingId, by, arrival: { arrivedAtMs, clientGone } });
  }
}
