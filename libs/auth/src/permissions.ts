import type { Identity, Permission, Role } from '@opd/contracts';

/**
 * Who may do what: the whole truth, in one table. A role has no more than its work needs; nobody
 * inherits from anybody, so an administrator does not book and a desk does not change capacity.
 */
export const PERMISSIONS_OF: Readonly<Record<Role, readonly Permission[]>> = {
  PATIENT: [
    'doctors:read',
    'slots:read',
    'own-bookings:create',
    'own-bookings:read',
    'own-bookings:cancel',
  ],
  DESK: [
    'doctors:read',
    'slots:read',
    'bookings:create',
    'bookings:read',
    'bookings:cancel',
    'bookings:serve',
    'patients:read',
  ],
  ADMIN: ['doctors:read', 'slots:read', 'doctors:manage', 'slots:manage'],
};

/** Whether the table grants the permission to this identity's role. Whatever it does not name is denied. */
export function isAllowed(identity: Identity, permission: Permission): boolean {
  return PERMISSIONS_OF[identity.role].includes(permission);
}
