import type { Random } from '../random';
import { stored } from '../store/update';
import type { Document } from '../store/match';
import type { Snapshot } from '../store/replica-set';

/** Wall clock at virtual time 0 of every world. */
export const EPOCH_MS = Date.UTC(2026, 10, 24, 6, 0);

const HOUR_MS = 3_600_000;

/** Two slots of one doctor's day and one of another's, small enough to be full soon. */
export function openClinic(random: Random, busyMs: number): Snapshot {
  const slots = [
    slotOf('dr-rao', '09:00', random),
    slotOf('dr-rao', '10:00', random),
    slotOf('dr-mehta', '09:00', random),
  ];
  // In some worlds the first slot begins and ends while it is asked for.
  if (random.chance(0.15)) {
    const [first] = slots as [Document];
    first['startsAt'] = new Date(EPOCH_MS + busyMs * random.next());
    first['endsAt'] = new Date((first['startsAt'] as Date).getTime() + busyMs * random.next());
  }
  const count = random.whole(1, 3);
  const open = slots.slice(0, count).map((slot) => stored(slot) as Document);
  return Object.freeze(Object.fromEntries(open.map((slot) => [slot['_id'] as string, slot])));
}

function slotOf(doctorId: string, start: string, random: Random): Document {
  const date = '2026-11-24';
  const startsAtMs = Date.UTC(2026, 10, 24, Number(start.slice(0, 2)));
  const endHour = String(Number(start.slice(0, 2)) + 1).padStart(2, '0');
  return {
    _id: `${doctorId}_${date}_${start.replace(':', '')}`,
    ...{ doctorId, date, start, end: `${endHour}:00`, doctorDay: `${doctorId}_${date}` },
    ...{ startsAt: new Date(startsAtMs), endsAt: new Date(startsAtMs + HOUR_MS), status: 'OPEN' },
    capacity: {
      base: random.whole(1, 5),
      premiumBuffer: random.whole(0, 2),
      emergencyBuffer: random.whole(0, 2),
    },
    ...{ isDelayed: random.chance(0.15), delayMinutes: 0, bookedCount: 0, lastTokenNumber: 0 },
    ...{ version: 0, activePatients: [], idempotencyKeys: [], bookings: [] },
  };
}
