import { type Arrival } from './arrivals';

/** Through which API a patient asks. */
export const CHANNELS = ['patient-api', 'desk-api'] as const;
export type Channel = (typeof CHANNELS)[number];

/** From this long before the slot's start on, a patient who pays or comes again asks from home. */
export const FROM_HOME_MINUTES = 60;

/**
 * ONLINE asks from home; WALKIN and EMERGENCY stand at the desk. PAID and FOLLOWUP ask from home
 * while there is an hour or more left before the slot, and at the desk after that.
 */
export function channelOf(arrival: Arrival): Channel {
  switch (arrival.type) {
    case 'ONLINE':
      return 'patient-api';
    case 'PAID':
    case 'FOLLOWUP':
      return arrival.startMinute - arrival.minute >= FROM_HOME_MINUTES ? 'patient-api' : 'desk-api';
    case 'WALKIN':
    case 'EMERGENCY':
      return 'desk-api';
  }
}
