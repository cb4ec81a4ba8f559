import type { Role } from '@opd/contracts';

/** The three APIs. */
export const APIS = ['patient', 'desk', 'admin'] as const;
export type ApiName = (typeof APIS)[number];

/** One route, as the HTTP contract has it. */
export interface ContractRoute {
  readonly api: ApiName;
  /** `POST /v1/bookings/{bookingId}/cancel` */
  readonly line: string;
  /** Who may call it; nobody named means everybody, without a token. */
  readonly roles: readonly Role[];
  readonly success: 200 | 201 | 202;
  /** The names of the bodies in the OpenAPI document. */
  readonly takes?: string;
  readonly gives: string;
  /** The statuses of refusals that are this route's own. */
  readonly refuses: readonly number[];
}

const EVERYBODY: readonly Role[] = [];
const SIGNED_IN: readonly Role[] = ['PATIENT', 'DESK', 'ADMIN'];

/** What every API shows. */
const CLINIC = APIS.flatMap((api) => [
  route(api, 'GET /v1/doctors', { roles: EVERYBODY, gives: 'DoctorPage' }),
  route(api, 'GET /v1/doctors/{doctorId}/slots', {
    roles: EVERYBODY,
    gives: 'SlotPage',
    refuses: [404],
  }),
  route(api, 'GET /v1/slots/{slotId}', { roles: SIGNED_IN, gives: 'Slot', refuses: [404] }),
]);

const STAFF_SIGN_IN = (['desk', 'admin'] as const).map((api) =>
  route(api, 'POST /v1/auth/sign-in', {
    roles: EVERYBODY,
    takes: 'StaffSignInRequest',
    gives: 'StaffSignInReply',
    refuses: [401],
  }),
);

/** The refusals of a seat: no slot, a rule, a busy slot, a part that is away. */
const SEAT = [404, 409, 429, 503];

const PATIENT = [
  route('patient', 'POST /v1/auth/otp', {
    roles: EVERYBODY,
    success: 202,
    takes: 'SendCodeRequest',
    gives: 'SendCodeReply',
    refuses: [503],
  }),
  route('patient', 'POST /v1/auth/sign-in', {
    roles: EVERYBODY,
    takes: 'PatientSignInRequest',
    gives: 'PatientSignInReply',
    refuses: [401],
  }),
  ...forRole('PATIENT', 'patient', {
    'POST /v1/bookings': {
      success: 201,
      takes: 'OwnBookingRequest',
      gives: 'Booking',
      refuses: [403, ...SEAT, 422],
    },
    'GET /v1/bookings': { gives: 'BookingPage' },
    'GET /v1/bookings/{bookingId}': { gives: 'Booking', refuses: [404] },
    'POST /v1/bookings/{bookingId}/cancel': {
      takes: 'CancelRequest',
      gives: 'Booking',
      refuses: [404, 409, 503],
    },
  }),
];

const STEP = { takes: 'EmptyRequest', gives: 'Booking', refuses: [404, 409, 503] };

const DESK = forRole('DESK', 'desk', {
  'GET /v1/patients': { gives: 'PatientPage' },
  'POST /v1/bookings': {
    success: 201,
    takes: 'DeskBookingRequest',
    gives: 'Booking',
    refuses: [...SEAT, 422],
  },
  'GET /v1/slots/{slotId}/bookings': { gives: 'BookingPage', refuses: [404] },
  'GET /v1/bookings/{bookingId}': { gives: 'Booking', refuses: [404] },
  'POST /v1/bookings/{bookingId}/cancel': { ...STEP, takes: 'CancelRequest' },
  'POST /v1/bookings/{bookingId}/noshow': STEP,
  'POST /v1/bookings/{bookingId}/check-in': STEP,
  'POST /v1/bookings/{bookingId}/start': STEP,
  'POST /v1/bookings/{bookingId}/complete': STEP,
  'POST /v1/bookings/{bookingId}/reinstate': { ...STEP, refuses: SEAT },
});

const ADMIN = forRole('ADMIN', 'admin', {
  'POST /v1/doctors': { success: 201, takes: 'AddDoctorRequest', gives: 'Doctor', refuses: [409] },
  'POST /v1/slots': {
    success: 201,
    takes: 'OpenSlotRequest',
    gives: 'Slot',
    refuses: [404, 409],
  },
  'POST /v1/slots/open-range': {
    success: 201,
    takes: 'OpenRangeRequest',
    gives: 'OpenRangeReply',
    refuses: [404, 409],
  },
  'PATCH /v1/slots/{slotId}': { takes: 'ChangeSlotRequest', gives: 'Slot', refuses: [404, 409] },
  'PUT /v1/slots/{slotId}/delay': { takes: 'SetDelayRequest', gives: 'Slot', refuses: [404] },
  'PUT /v1/doctors/{doctorId}/days/{date}/delay': {
    takes: 'SetDelayRequest',
    gives: 'SlotPage',
    refuses: [404],
  },
});

/** Every route of the HTTP contract, written from its table and not from the code. */
export const ROUTES: readonly ContractRoute[] = [
  ...CLINIC,
  ...STAFF_SIGN_IN,
  ...PATIENT,
  ...DESK,
  ...ADMIN,
];

type RouteFacts = Pick<ContractRoute, 'roles' | 'takes' | 'gives'> &
  Partial<Pick<ContractRoute, 'success' | 'refuses'>>;

function route(api: ApiName, line: string, facts: RouteFacts): ContractRoute {
  return { api, line, success: 200, refuses: [], ...facts };
}

function forRole(
  role: Role,
  api: ApiName,
  routes: Readonly<Record<string, Omit<RouteFacts, 'roles'>>>,
): ContractRoute[] {
  return Object.entries(routes).map(([line, facts]) =>
    route(api, line, { ...facts, roles: [role] }),
  );
}
