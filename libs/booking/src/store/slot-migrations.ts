import { BOOKING_STATUSES, BOOKING_TYPES, SLOT_STATUSES, TIERS } from '@opd/capacity-core';
import { ROLES } from '@opd/contracts';
import type { mongo } from 'mongoose';
import { applyCollection, type Migration } from './migrations';
import { DOCTOR_DAYS, DOCTORS } from './doctor-document';
import { MAX_BOOKINGS_IN_SLOT, SLOTS } from './slot-document';

const text = { bsonType: 'string' };
const day = { bsonType: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };
const timeOfDay = { bsonType: 'string', pattern: '^\\d{2}:\\d{2}$' };
const instant = { bsonType: 'date' };
const count = { bsonType: 'int', minimum: 0 };
const oneOf = (values: readonly string[]) => ({ enum: [...values] });

function record(required: Record<string, object>, optional: Record<string, object> = {}) {
  return {
    bsonType: 'object',
    required: Object.keys(required),
    properties: { ...required, ...optional },
    additionalProperties: false,
  };
}

const booking = record(
  {
    bookingId: text,
    patientId: text,
    type: oneOf(BOOKING_TYPES),
    tier: oneOf(TIERS),
    status: oneOf(BOOKING_STATUSES),
    tokenNumber: { bsonType: 'int', minimum: 1 },
    bookedAt: instant,
    bookedBy: record({ userId: text, role: oneOf(ROLES) }),
  },
  {
    idempotencyKey: text,
    checkedInAt: instant,
    startedAt: instant,
    completedAt: instant,
    cancelledAt: instant,
    cancelReason: text,
    noShowAt: instant,
    reinstatedAt: instant,
    reinstateId: text,
  },
);

const slot = record({
  _id: text,
  doctorId: text,
  date: day,
  start: timeOfDay,
  end: timeOfDay,
  startsAt: instant,
  endsAt: instant,
  doctorDay: text,
  status: oneOf(SLOT_STATUSES),
  capacity: record({
    base: { bsonType: 'int', minimum: 1, maximum: 200 },
    premiumBuffer: { bsonType: 'int', minimum: 0, maximum: 100 },
    emergencyBuffer: { bsonType: 'int', minimum: 0, maximum: 100 },
  }),
  isDelayed: { bsonType: 'bool' },
  delayMinutes: count,
  bookedCount: count,
  lastTokenNumber: count,
  version: count,
  activePatients: { bsonType: 'array', items: text },
  idempotencyKeys: { bsonType: 'array', items: text },
  bookings: { bsonType: 'array', maxItems: MAX_BOOKINGS_IN_SLOT, items: booking },
});

/**
 * The last fence: should a guard ever be wrong, MongoDB itself refuses a slot with more bookings
 * than it has seats.
 */
const slotValidator = {
  $jsonSchema: slot,
  $expr: {
    $lte: [
      '$bookedCount',
      { $add: ['$capacity.base', '$capacity.premiumBuffer', '$capacity.emergencyBuffer'] },
    ],
  },
};

const slotIndexes: mongo.IndexDescription[] = [
  {
    name: 'one_active_booking_per_patient_doctor_day',
    key: { doctorDay: 1, activePatients: 1 },
    unique: true,
    partialFilterExpression: { activePatients: { $type: 'string' } },
  },
  {
    name: 'one_booking_per_idempotency_key',
    key: { idempotencyKeys: 1 },
    unique: true,
    partialFilterExpression: { idempotencyKeys: { $type: 'string' } },
  },
  { name: 'active_bookings_of_patient', key: { activePatients: 1, date: 1 } },
  { name: 'booking_by_id', key: { 'bookings.bookingId': 1 } },
  { name: 'bookings_of_patient', key: { 'bookings.patientId': 1, startsAt: 1 } },
  { name: 'slots_of_doctor', key: { doctorId: 1, date: 1, start: 1 } },
];

const doctor = record(
  { _id: text, name: text, specialty: text, createdAt: instant },
  { room: text },
);

/** The collections of the booking engine, by version. A step is never changed once it was released. */
export const bookingMigrations: readonly Migration[] = [
  {
    id: '2026-11-24-slots',
    up: (db) =>
      applyCollection(db, { name: SLOTS, validator: slotValidator, indexes: slotIndexes }),
  },
  {
    id: '2026-11-24-doctors',
    up: async (db) => {
      await applyCollection(db, { name: DOCTORS, validator: { $jsonSchema: doctor }, indexes: [] });
      await applyCollection(db, {
        name: DOCTOR_DAYS,
        validator: { $jsonSchema: record({ _id: text, changes: count }) },
        indexes: [],
      });
    },
  },
];
