import type { Clock } from './clock';
import type { ClinicCalendar } from './clinic-calendar';
import type { KeepDoctors } from './use-cases/keep-doctors';
import type { OpenSlots } from './use-cases/open-slots';

const DEMO_DOCTORS = [
  { doctorId: 'dr-rao', name: 'Dr. Rao', specialty: 'General Medicine', room: '101' },
  { doctorId: 'dr-mehta', name: 'Dr. Mehta', specialty: 'Cardiology', room: '102' },
  { doctorId: 'dr-iyer', name: 'Dr. Iyer', specialty: 'Paediatrics', room: '103' },
] as const;

const DEMO_HOURS = [
  { start: '09:00', end: '13:00' },
  { start: '14:00', end: '18:00' },
];

/** Today and the next seven days. */
const DEMO_DAYS = 8;

/** What the demo clinic is made with. */
export interface DemoClinicParts {
  readonly doctors: KeepDoctors;
  readonly slots: OpenSlots;
  readonly calendar: ClinicCalendar;
  readonly clock: Clock;
}

/** The clinic of the demo: three doctors, and always a week of slots ahead. */
export class DemoClinic {
  readonly #parts: DemoClinicParts;
  #cancelMidnight = (): void => undefined;

  constructor(parts: DemoClinicParts) {
    this.#parts = parts;
  }

  /** Opens what is missing now and again at each of the clinic's midnights, until `stop`. */
  async start(onError: (error: unknown) => void): Promise<void> {
    for (const doctor of DEMO_DOCTORS) await this.#parts.doctors.add(doctor);
    await this.#openWeek();
    this.#atMidnight(onError);
  }

  stop(): void {
    this.#cancelMidnight();
  }

  async #openWeek(): Promise<void> {
    const { slots, calendar, clock } = this.#parts;
    const today = calendar.dayAt(clock.nowMs());
    // Day by day: one that an administrator filled differently must not keep the others closed.
    for (const from of calendar.daysFrom(today, DEMO_DAYS))
      for (const { doctorId } of DEMO_DOCTORS)
        await slots.range({
          doctorId,
          from,
          days: 1,
          weekdays: [1, 2, 3, 4, 5, 6, 7],
          ranges: DEMO_HOURS,
          slotMinutes: 60,
        });
  }

  #atMidnight(onError: (error: unknown) => void): void {
    const { calendar, clock } = this.#parts;
    this.#cancelMidnight = clock.after(calendar.untilMidnightMs(clock.nowMs()), () => {
      this.#openWeek().catch(onError);
      this.#atMidnight(onError);
    });
  }
}
