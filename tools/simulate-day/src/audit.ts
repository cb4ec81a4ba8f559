import { holdsSeat } from '@opd/capacity-core';
import { PatientPage } from '@opd/contracts';
import { auditAnswers, auditSlots, type ClientAnswer, type Finding } from '@opd/testing';
import { type mongo } from 'mongoose';
import { type Clinic } from './clinic';
import { type SimulatedPatient } from './patients';
import { isSettled, type Visit } from './visit';

/** What was held against what, and what did not fit. */
export interface DayAudit {
  readonly findings: readonly Finding[];
  /** Slots of the day whose count of seats was known from the answers and compared. */
  readonly slotsCounted: number;
  /** Answers that were compared with the bookings in the documents. */
  readonly answersCompared: number;
}

const MAX_FINDINGS_SHOWN = 20;

/**
 * Reads the raw slot documents of the clinic, all of them, and holds them against the rules that
 * always hold, against the seats that the day's answers add up to, and against each single answer.
 * Call it when the play has stopped.
 */
export async function auditDay(
  db: mongo.Db,
  clinic: Clinic,
  visits: readonly Visit[],
): Promise<DayAudit> {
  const bookedCounts = seatsByAnswers(visits);
  const answers = await clientAnswers(clinic, visits);
  const findings = [
    ...(await auditSlots(db, { bookedCounts })),
    ...(await auditAnswers(db, answers)),
  ];
  return {
    findings,
    slotsCounted: Object.keys(bookedCounts).length,
    answersCompared: answers.length,
  };
}

/** The seats held in each slot at the end, where every answer of the slot is known. */
export function seatsByAnswers(visits: readonly Visit[]): Record<string, number> {
  const seats: Record<string, number> = {};
  const unknown = new Set<string>();
  for (const visit of visits) {
    const { slot, outcome, status } = visit;
    seats[slot.slotId] ??= 0;
    if (outcome && !isSettled(visit)) unknown.add(slot.slotId);
    if (status && holdsSeat(status)) seats[slot.slotId] = (seats[slot.slotId] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(seats).filter(([slotId]) => !unknown.has(slotId)));
}

/**
 * The answers in the form of the oracle. It takes one answer of each patient to each slot, and
 * wants to know everybody who may have a booking; a slot for which somebody asked twice, or of
 * whose unanswered patient nothing can be learnt, is left out of this comparison.
 */
async function clientAnswers(clinic: Clinic, visits: readonly Visit[]): Promise<ClientAnswer[]> {
  const leftOut = slotsAskedTwice(visits);
  const answers: ClientAnswer[] = [];
  for (const visit of visits) {
    if (!visit.outcome || leftOut.has(visit.slot.slotId)) continue;
    const answer = await clientAnswer(clinic, visit);
    if (answer) answers.push(answer);
    else leftOut.add(visit.slot.slotId);
  }
  return answers.filter(({ slotId }) => !leftOut.has(slotId));
}

function slotsAskedTwice(visits: readonly Visit[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { slot, patient } of visits) {
    const key = `${slot.slotId} ${patient.phone}`;
    if (seen.has(key)) twice.add(slot.slotId);
    seen.add(key);
  }
  return twice;
}

async function clientAnswer(clinic: Clinic, visit: Visit): Promise<ClientAnswer | undefined> {
  const { slotId } = visit.slot;
  // Who was refused at the desk was told no patient id. If he has a booking all the same, the
  // oracle finds one that nobody asked for, under whatever name he stands here.
  const stranger = `row ${visit.arrival.row}`;
  switch (visit.outcome?.kind) {
    case 'ADMITTED': {
      const { patientId, bookingId, tokenNumber } = visit.outcome.booking;
      return { kind: 'BOOKED', patientId, slotId, bookingId, tokenNumber };
    }
    case 'REFUSED':
      return { kind: 'REFUSED', patientId: stranger, slotId, code: visit.outcome.code };
    case 'UNANSWERED':
    case undefined: {
      const found = await findPatient(clinic, visit.patient);
      return found && { kind: 'UNKNOWN', patientId: found.patientId ?? stranger, slotId };
    }
  }
}

/** The patient's id, none if the clinic knows no such patient; nothing at all if it does not answer. */
async function findPatient(
  clinic: Clinic,
  { phone, name }: SimulatedPatient,
): Promise<{ patientId: string | undefined } | undefined> {
  if (clinic.deskApi.isGone) return undefined;
  const path = `/v1/patients?phone=${encodeURIComponent(phone)}`;
  const token = await clinic.desk.token();
  const answer = await clinic.deskApi.ask({ method: 'GET', path, token });
  const found = answer.status === 200 ? PatientPage.safeParse(answer.body) : undefined;
  if (!found?.success) return undefined;
  return { patientId: found.data.items.find((patient) => patient.name === name)?.patientId };
}

/** The audit as a person reads it; ids and numbers only. */
export function formatAudit(audit: DayAudit, brokenAnswers: readonly string[]): string {
  const { findings, slotsCounted, answersCompared } = audit;
  const broken = [
    ...findings.map(({ slotId, rule, detail }) => `${rule} in ${slotId}: ${detail}`),
    ...brokenAnswers,
  ];
  const compared = `raw slot documents held against the rules, ${slotsCounted} slots against the seats given, ${answersCompared} answers against the bookings`;
  if (broken.length === 0) return `Audit: ${compared}. No rule was broken.`;

  const left = broken.length - MAX_FINDINGS_SHOWN;
  return [
    `Audit: ${compared}. BROKEN: ${broken.length}`,
    ...broken.slice(0, MAX_FINDINGS_SHOWN).map((sentence) => `  ${sentence}`),
    ...(left > 0 ? [`  ... and ${left} more.`] : []),
  ].join('\n');
}
