/**
 * Goal: each role may do exactly what its work needs.
 * Method: the table is compared, permission by permission, with a second one written out here.
 */
import { PERMISSIONS, ROLES, type Permission } from '@opd/contracts';
import { isAllowed, PERMISSIONS_OF } from './permissions';

/** Per permission: may a patient, the desk, an administrator? */
const EXPECTED: Record<Permission, [boolean, boolean, boolean]> = {
  'doctors:read': [true, true, true],
  'slots:read': [true, true, true],
  'own-bookings:create': [true, false, false],
  'own-bookings:read': [true, false, false],
  'own-bookings:cancel': [true, false, false],
  'bookings:create': [false, true, false],
  'bookings:read': [false, true, false],
  'bookings:cancel': [false, true, false],
  'bookings:serve': [false, true, false],
  'patients:read': [false, true, false],
  'doctors:manage': [false, false, true],
  'slots:manage': [false, false, true],
};

describe('permissions', () => {
  it.each(PERMISSIONS)('%s belongs to the right roles and no other', (permission) => {
    const granted = ROLES.map((role) => isAllowed({ userId: 'someone', role }, permission));
    expect(granted).toEqual(EXPECTED[permission]);
  });

  it('names no permission twice', () => {
    for (const role of ROLES) {
      expect(new Set(PERMISSIONS_OF[role]).size).toBe(PERMISSIONS_OF[role].length);
    }
  });
});
