import type { RoundObserver } from '@opd/booking';
import type { SlotLocksOptions } from '@opd/locking';
import type { LoggerService } from '@nestjs/common';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Counts what happens to slot locks, by event. */
export function countLockEvents(registry: Registry): NonNullable<SlotLocksOptions['onEvent']> {
  const events = new Counter({
    name: 'opd_slot_lock_events_total',
    help: 'Tries for slot locks and failed releases, by what became of them',
    labelNames: ['event'],
    registers: [registry],
  });
  return (event) => events.inc({ event });
}

/** Measures rounds, and logs what should never happen. */
export function observeRounds(registry: Registry, logger: LoggerService): RoundObserver {
  const registers = [registry];
  const durations = new Histogram({
    name: 'opd_round_duration_seconds',
    help: 'Time from taking the requests of a round to settling them',
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 2.5],
    registers,
  });
  const requests = new Histogram({
    name: 'opd_round_requests',
    help: 'Requests in one round',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  });
  const slots = new Histogram({
    name: 'opd_round_slots',
    help: 'Slots in one round',
    buckets: [1, 2, 5, 10, 20, 50, 100],
    registers,
  });
  const unclear = new Counter({
    name: 'opd_unclear_writes_total',
    help: 'Slots whose write had no clear outcome and was looked up again',
    registers,
  });
  const broken = new Counter({
    name: 'opd_broken_slots_total',
    help: 'Slots whose decision or write broke; each one is a bug',
    registers,
  });
  return {
    roundEnded: (round) => {
      durations.observe(round.tookMs / 1_000);
      requests.observe(round.requests);
      slots.observe(round.slots);
    },
    writeUnclear: (count, cause) => {
      unclear.inc(count);
      logger.warn(`The write of ${count} slots had no clear outcome: ${String(cause)}`);
    },
    slotBroke: (slotId, error) => {
      broken.inc();
      logger.error(`Slot ${slotId} broke`, error instanceof Error ? error.stack : error);
    },
  };
}
