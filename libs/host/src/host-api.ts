import { AccessTokens, Authenticator, AuthModule, authMigrations } from '@opd/auth';
import { BookingModule, bookingMigrations, migrate, type BookingModuleOptions } from '@opd/booking';
import { connectLockNodes, RedlockSlotLocks, type SlotLocks } from '@opd/locking';
import {
  connectMongo,
  createApi,
  createMetrics,
  mongoCheck,
  MongoModule,
  type Settings,
} from '@opd/platform';
import { Logger, type DynamicModule, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { countLockEvents, observeRounds } from './booking-metrics';
import { DemoHouse } from './demo-house';
import { quorumCheck } from './quorum-check';

/** What makes one API different from the others. */
export interface HostedApi {
  readonly name: 'patient-api' | 'desk-api' | 'admin-api';
  readonly controllers: Type[];
  readonly settings: Settings;
  /** Parts that a test puts in the place of the real ones, to break them. */
  readonly replace?: Replacements | undefined;
}

/** See {@link HostedApi}. */
export interface Replacements {
  readonly locks?: SlotLocks;
  readonly wrapRoundStore?: NonNullable<BookingModuleOptions['wrapRoundStore']>;
}

/**
 * Wires an API: connects MongoDB and Redis, brings the schema up to date, and puts sign-in and
 * booking behind the API's controllers. The result is ready to listen and closes all it opened.
 * Redis may be away: whatever takes no lock works without it.
 * @throws BootError if MongoDB does not answer in time or is no replica set.
 */
export async function hostApi(api: HostedApi): Promise<NestFastifyApplication> {
  const { name, settings, replace } = api;
  const metrics = createMetrics(name);
  const connection = await connectMongo(settings);
  const db = connection.getClient().db(connection.name);
  await migrate(db, [...authMigrations, ...bookingMigrations]);

  const lockNodes = connectLockNodes(settings.redisUrls);
  const [firstNode] = lockNodes;
  if (!firstNode) throw new Error('The settings name at least one Redis node');
  const onEvent = countLockEvents(metrics);
  const { lockTtlMs: ttlMs } = settings;
  const booking = BookingModule.forRoot({
    settings,
    locks: replace?.locks ?? new RedlockSlotLocks(lockNodes, { ttlMs, onEvent }),
    observer: observeRounds(metrics, new Logger('Rounds')),
    ...(replace?.wrapRoundStore && { wrapRoundStore: replace.wrapRoundStore }),
  });

  return createApi({
    name,
    settings,
    metrics,
    module: moduleOf(api, [MongoModule.forConnection(connection), booking]),
    authenticator: new Authenticator(new AccessTokens(settings.tokenSigningKey)),
    redis: firstNode,
    checks: { mongodb: mongoCheck(connection), redis: quorumCheck(lockNodes) },
    onStopped: () => Promise.resolve(lockNodes.forEach((node) => node.disconnect())),
  });
}

function moduleOf({ name, settings, controllers }: HostedApi, imports: DynamicModule[]) {
  class HostedModule {}
  const auth = { ...AuthModule.forRoot(settings), global: true };
  const demo = settings.isDemo ? [DemoHouse.forApi(name, settings.clinicTimeZone)] : [];
  return { module: HostedModule, imports: [auth, ...imports], controllers, providers: demo };
}
