import { type Arrival } from './arrivals';
import { channelOf } from './channel';
import { standardNormal } from './draw';
import { NOSHOW_GRACE_MINUTES, PUNCTUALITY_MINUTES } from './figures';

/** What the file alone decides. When a patient is called and done, follows from the consulting room. */
export type PlannedStep = 'BOOK' | 'CANCEL' | 'NOSHOW' | 'CHECK_IN';

/** One thing that happens at a minute of the simulated day. */
export interface Step {
  readonly minute: number;
  readonly kind: PlannedStep;
  readonly arrival: Arrival;
}

/** A stretch of the simulated day, `from` included, `to` not: its steps may run side by side. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly steps: readonly Step[];
}

/**
 * Everything the file says will happen, in the order of the simulated day; at the same minute in
 * the order of the file. An arrival's own steps always keep their order.
 */
export function planDay(arrivals: readonly Arrival[], seed: number): Step[] {
  const steps = arrivals.flatMap((arrival): Step[] => [
    { minute: arrival.minute, kind: 'BOOK', arrival },
    outcomeStep(arrival, seed),
  ]);
  return steps.sort(
    (one, other) => one.minute - other.minute || one.arrival.row - other.arrival.row,
  );
}

function outcomeStep(arrival: Arrival, seed: number): Step {
  switch (arrival.outcome) {
    case 'SHOW':
      return { minute: presentMinute(arrival, seed), kind: 'CHECK_IN', arrival };
    case 'NOSHOW':
      return { minute: noShowMinute(arrival), kind: 'NOSHOW', arrival };
    case 'CANCEL':
      return { minute: cancelMinute(arrival), kind: 'CANCEL', arrival };
  }
}

/** Half-way between the booking and the slot's start; its end, if it was booked after the start. */
export function cancelMinute({ minute, startMinute, endMinute }: Arrival): number {
  const until = minute < startMinute ? startMinute : endMinute;
  return Math.floor((minute + until) / 2);
}

/** When the grace is over: it runs from the slot's start, or from a booking after that. */
export function noShowMinute({ minute, startMinute }: Arrival): number {
  return Math.max(minute, startMinute) + NOSHOW_GRACE_MINUTES;
}

/** Who books at the desk is there; who books from home comes about the slot's start. */
export function presentMinute(arrival: Arrival, seed: number): number {
  if (channelOf(arrival) === 'desk-api') return arrival.minute;
  const { mean, deviation } = PUNCTUALITY_MINUTES;
  const offset = Math.round(mean + deviation * standardNormal(seed, arrival.row, 'punctuality'));
  return Math.max(arrival.minute, arrival.startMinute + offset);
}

/** Cuts a plan into windows of the same length. Windows in which nothing happens are left out. */
export function cutIntoWindows(steps: readonly Step[], windowMinutes: number): Window[] {
  const windows: { from: number; to: number; steps: Step[] }[] = [];
  for (const step of steps) {
    const from = Math.floor(step.minute / windowMinutes) * windowMinutes;
    const last = windows.at(-1);
    if (last?.from === from) last.steps.push(step);
    else windows.push({ from, to: from + windowMinutes, steps: [step] });
  }
  return windows;
}
