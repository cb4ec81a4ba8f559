import { type Arrival } from './arrivals';
import { ClinicError, type Clinic } from './clinic';
import { slotKey, type OpenedDay } from './opening';
import { PatientIndex } from './patients';
import { sideBySide } from './side-by-side';
import { cutIntoWindows, planDay, type Step, type Window } from './timeline';
import { book, planVisit, takeStep, type Visit } from './visit';
import { ConsultingRoom, serviceMinutesOf, sessionStarts, type Consultation } from './waiting';

/** How a day is played. */
export interface PlayRules {
  /** Draws who is punctual and how long consultations take. */
  readonly seed: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
  /** Steps inside a stretch of so many simulated minutes run side by side. */
  readonly windowMinutes: number;
  readonly slotMinutes: number;
  /** Asked before each step; the play ends early when it says so. */
  readonly shouldStop: () => boolean;
  /** Told after each stretch of the day. */
  readonly onProgress: (progress: PlayProgress) => void;
}

/** How far the play has come. */
export interface PlayProgress {
  /** The simulated minute that has been reached. */
  readonly minute: number;
  readonly visits: readonly Visit[];
}

/** Patients who sign in at a time, at most: it is not what is played, and costs more than a booking. */
const MAX_SIGN_INS = 16;

/** Signs in all patients who ask from home, so that the play itself is bookings only. */
export async function signInPatients(
  clinic: Clinic,
  visits: readonly Visit[],
  rules: Pick<PlayRules, 'concurrency' | 'shouldStop'> & { onSignedIn: (count: number) => void },
): Promise<void> {
  const sessions = [
    ...new Set(
      visits
        .filter(({ channel }) => channel === 'patient-api')
        .map(({ patient }) => clinic.patient(patient)),
    ),
  ];
  let signedIn = 0;
  await sideBySide(
    sessions,
    async (session) => {
      await session.token();
      rules.onSignedIn(++signedIn);
    },
    { ...rules, concurrency: Math.min(rules.concurrency, MAX_SIGN_INS) },
  );
}

/** The visits of a file, all still ahead, in the order of the file. */
export function planVisits(arrivals: readonly Arrival[], day: OpenedDay): Visit[] {
  const patients = new PatientIndex(arrivals, day.date);
  return arrivals.map((arrival) => {
    const slot = day.slots.get(slotKey(arrival));
    if (!slot) throw new Error(`No slot for row ${arrival.row}.`);
    return planVisit(arrival, patients.of(arrival), slot);
  });
}

/**
 * Plays a day against the running clinic, as fast as it answers. The simulated day goes window by
 * window: first what patients and desk do in it, then whom the doctors call and send home by its
 * end. The visits are filled in as the answers come.
 */
export class DayPlay {
  private readonly rooms = new Map<string, ConsultingRoom>();
  private readonly sessionOf: ReadonlyMap<string, ReadonlyMap<number, number>>;
  private readonly visitOfRow: ReadonlyMap<number, Visit>;
  private inConsultation: Consultation[] = [];

  constructor(
    private readonly clinic: Clinic,
    private readonly visits: readonly Visit[],
    private readonly rules: PlayRules,
  ) {
    this.visitOfRow = new Map(visits.map((visit) => [visit.arrival.row, visit]));
    this.sessionOf = this.sessionsByDoctor();
  }

  /** Resolves at the end of the day, or early if the rules say stop. @throws ClinicError when an API is gone. */
  async run(): Promise<void> {
    const arrivals = this.visits.map(({ arrival }) => arrival);
    const windows = cutIntoWindows(planDay(arrivals, this.rules.seed), this.rules.windowMinutes);
    for (const window of windows) {
      if (this.rules.shouldStop()) return;
      await this.playWindow(window);
      this.checkPresent();
    }
    // Whoever still sits at the door when the file has ended is seen, however late it gets.
    await this.playDoctors(Number.POSITIVE_INFINITY);
  }

  private async playWindow(window: Window): Promise<void> {
    const byVisit = new Map<Visit, Step[]>();
    for (const step of window.steps) {
      const visit = this.visit(step.arrival.row);
      byVisit.set(visit, [...(byVisit.get(visit) ?? []), step]);
    }
    await this.sideBySide([...byVisit], ([visit, steps]) => this.playSteps(visit, steps));
    for (const step of window.steps) if (step.kind === 'CHECK_IN') this.seat(step);
    await this.playDoctors(window.to);
    this.rules.onProgress({ minute: window.to, visits: this.visits });
  }

  private async playSteps(visit: Visit, steps: readonly Step[]): Promise<void> {
    for (const { kind } of steps) {
      if (kind === 'BOOK') await book(this.clinic, visit);
      else await takeStep(this.clinic, visit, kind);
    }
  }

  /** Whom the doctors call before `minute`, and whom they have seen by then. */
  private async playDoctors(minute: number): Promise<void> {
    const called = [...this.rooms.values()].flatMap((room) => room.advanceTo(minute));
    await this.sideBySide(called, async ({ row, waitMinutes }) => {
      const visit = this.visit(row);
      visit.waitMinutes = waitMinutes;
      await takeStep(this.clinic, visit, 'START');
    });
    const all = [...this.inConsultation, ...called];
    this.inConsultation = all.filter(({ endsMinute }) => endsMinute >= minute);
    const done = all.filter(({ endsMinute }) => endsMinute < minute);
    await this.sideBySide(done, ({ row }) => takeStep(this.clinic, this.visit(row), 'COMPLETE'));
  }

  private seat({ arrival, minute }: Step): void {
    const { outcome, status, tier } = this.visit(arrival.row);
    if (outcome?.kind !== 'ADMITTED' || status !== 'CHECKED_IN') return;
    const { doctorId, row, startMinute } = arrival;
    let room = this.rooms.get(doctorId);
    if (!room) this.rooms.set(doctorId, (room = new ConsultingRoom()));
    room.seat({
      row,
      tier,
      tokenNumber: outcome.booking.tokenNumber,
      presentMinute: minute,
      slotStartMinute: startMinute,
      sessionStartMinute: this.sessionOf.get(doctorId)?.get(startMinute) ?? startMinute,
      serviceMinutes: serviceMinutesOf(row, this.rules.seed),
    });
  }

  private checkPresent(): void {
    const gone = this.clinic.apis.find(({ isGone }) => isGone);
    if (gone) throw new ClinicError(`${gone.name} does not answer any more; the play ends here.`);
  }

  private sessionsByDoctor(): Map<string, Map<number, number>> {
    const starts = new Map<string, number[]>();
    for (const { arrival } of this.visits) {
      const ofDoctor = starts.get(arrival.doctorId);
      if (ofDoctor) ofDoctor.push(arrival.startMinute);
      else starts.set(arrival.doctorId, [arrival.startMinute]);
    }
    return new Map(
      [...starts].map(([doctorId, ofDoctor]) => [
        doctorId,
        sessionStarts(ofDoctor, this.rules.slotMinutes),
      ]),
    );
  }

  private visit(row: number): Visit {
    const visit = this.visitOfRow.get(row);
    if (!visit) throw new Error(`Row ${row} is not of this day.`);
    return visit;
  }

  private sideBySide<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
    return sideBySide(items, run, this.rules);
  }
}
