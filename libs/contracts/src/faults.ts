/**
 * MongoDB could not be reached or did not answer in time, and no write was sent: nothing changed.
 * Over HTTP: 503 `STORE_UNAVAILABLE`.
 */
export class StoreUnavailableError extends Error {
  readonly code = 'STORE_UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}

/**
 * A write was sent, and whether it took effect could not be found out in time. Asking for the same
 * again is safe. Over HTTP: 503 `OUTCOME_UNKNOWN`.
 */
export class OutcomeUnknownError extends Error {
  readonly code = 'OUTCOME_UNKNOWN';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutcomeUnknownError';
  }
}
