/**
 * Goal: an application gets sign-in by naming one module.
 * Method: a real Nest application context on a real MongoDB, the demo's sign-ins from end to end.
 */
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getConnectionToken, MongooseModule } from '@nestjs/mongoose';
import { testMongoUri } from '@opd/testing';
import { type Connection } from 'mongoose';
import { AuthModule } from './auth.module';
import {
  Authenticator,
  PatientDirectory,
  SendCode,
  SignInPatient,
  SignInStaff,
  StaffAccounts,
} from './index';
import { authMigrations } from './schema';
import { newPhone, SPEC_SIGNING_KEY } from './testing';

const uri = testMongoUri();

@Module({
  imports: [
    MongooseModule.forRoot(uri, { autoIndex: false, autoCreate: false }),
    AuthModule.forRoot({ tokenSigningKey: SPEC_SIGNING_KEY, isDemo: true }),
  ],
})
class DemoHouse {}

describe('AuthModule', () => {
  it('signs a patient and the desk in, and knows them by their tokens', async () => {
    const house = await NestFactory.createApplicationContext(DemoHouse, {
      abortOnError: false,
      logger: false,
    });
    const connection = house.get<Connection>(getConnectionToken());
    for (const migration of authMigrations) await migration.up(connection.db!);
    const phone = newPhone();
    const sent = await house.get(SendCode).execute({ phone });
    const code = (sent.ok && sent.value.demoCode) || 'none';
    const patient = await house.get(SignInPatient).execute({ phone, code, name: 'Asha' });
    await house.get(StaffAccounts).ensureDemoStaff();
    const desk = await house.get(SignInStaff).execute({ username: 'desk', password: 'desk-demo' });
    if (!patient.ok || !desk.ok) throw new Error('Nobody could sign in.');
    const authenticator = house.get(Authenticator);
    const known = await Promise.all(
      [patient, desk].map((each) => authenticator.authenticate(`Bearer ${each.value.accessToken}`)),
    );
    const { patientId } = patient.value.patient;
    expect(known).toEqual([
      { userId: patientId, role: 'PATIENT' },
      { userId: desk.value.user.userId, role: 'DESK' },
    ]);
    expect(await house.get(PatientDirectory).byId(patientId)).toEqual(patient.value.patient);
    await connection.dropDatabase();
    await house.close();
  });
});
