import {
  ok,
  OutcomeUnknownError,
  refused,
  type ChangeSlotRequest,
  type Outcome,
  type SetDelayRequest,
  type Slot,
} from '@opd/contracts';
import type { Clock } from '../clock';
import { notFound } from '../refusals';
import type { DoctorStore } from '../store/doctor-store';
import type { SlotChange, SlotChanges } from '../store/slot-changes';
import type { SlotReads } from '../store/slot-reads';
import { slotView } from '../views';

/** A doctor has no more slots than this on one day: the shortest slot takes 5 minutes. */
const MAX_SLOTS_OF_DAY = 288;

/** Changes slots that are open: status, capacity, delay. Nobody who is booked is moved by it. */
export class ChangeSlots {
  readonly #changes: SlotChanges;
  readonly #reads: SlotReads;
  readonly #doctors: DoctorStore;
  readonly #clock: Clock;

  constructor(parts: {
    changes: SlotChanges;
    reads: SlotReads;
    doctors: DoctorStore;
    clock: Clock;
  }) {
    this.#changes = parts.changes;
    this.#reads = parts.reads;
    this.#doctors = parts.doctors;
    this.#clock = parts.clock;
  }

  /** Opens or closes a slot, or replaces its capacity. */
  async change(slotId: string, change: ChangeSlotRequest): Promise<Outcome<Slot>> {
    return this.#apply(slotId, change);
  }

  /** Says that the doctor is late for one slot, or no longer. */
  async delaySlot(slotId: string, delay: SetDelayRequest): Promise<Outcome<Slot>> {
    return this.#apply(slotId, { delay: whole(delay) });
  }

  /** The same for every slot of a doctor's day. Slot by slot: repeat it if it was cut short. */
  async delayDay(
    doctorId: string,
    day: string,
    delay: SetDelayRequest,
  ): Promise<Outcome<{ items: Slot[] }>> {
    if (!(await this.#doctors.has(doctorId))) return notFound('doctor');
    const slots = await this.#reads.slotsOfDoctor({
      doctorId,
      fromDay: day,
      toDay: day,
      atMost: MAX_SLOTS_OF_DAY,
    });
    const items: Slot[] = [];
    for (const slot of slots) {
      const changed = await this.delaySlot(slot._id, delay).catch((error: unknown) => {
        if (items.length === 0) throw error;
        throw new OutcomeUnknownError('Only some slots of the day are changed', { cause: error });
      });
      if (!changed.ok) return changed;
      items.push(changed.value);
    }
    return ok({ items });
  }

  async #apply(slotId: string, change: SlotChange): Promise<Outcome<Slot>> {
    const result = await this.#changes.apply(slotId, change);
    switch (result.outcome) {
      case 'NOT_FOUND':
        return notFound('slot');
      case 'CAPACITY_IN_USE': {
        const { bookedCount, seats } = result;
        return refused({
          code: 'CAPACITY_IN_USE',
          detail: `${bookedCount} are booked, but base and both buffers would hold ${seats}.`,
          extensions: { bookedCount, seats },
        });
      }
      case 'DONE':
        return ok(slotView(result.slot, this.#clock.nowMs()));
    }
  }
}

function whole({ isDelayed, delayMinutes = 0 }: SetDelayRequest) {
  return { isDelayed, delayMinutes };
}
