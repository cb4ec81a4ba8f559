import { StaffAccounts } from '@opd/auth';
import { ClinicCalendar, DemoClinic, KeepDoctors, OpenSlots, systemClock } from '@opd/booking';
import {
  Logger,
  type FactoryProvider,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

/** Furnishes the demo at boot: its staff, and, in the administrators' API, its doctors and slots. */
export class DemoHouse implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new Logger('Demo');
  readonly #staff: StaffAccounts;
  readonly #clinic: DemoClinic | undefined;

  constructor(staff: StaffAccounts, clinic: DemoClinic | undefined) {
    this.#staff = staff;
    this.#clinic = clinic;
  }

  /** The provider of one API. One API opens the slots: three would only get in each other's way. */
  static forApi(name: string, clinicTimeZone: string): FactoryProvider<DemoHouse> {
    return {
      provide: DemoHouse,
      inject: [StaffAccounts, KeepDoctors, OpenSlots],
      useFactory: (staff: StaffAccounts, doctors: KeepDoctors, slots: OpenSlots) => {
        const calendar = new ClinicCalendar(clinicTimeZone);
        const parts = { doctors, slots, calendar, clock: systemClock };
        return new DemoHouse(staff, name === 'admin-api' ? new DemoClinic(parts) : undefined);
      },
    };
  }

  async onModuleInit(): Promise<void> {
    await this.#staff.ensureDemoStaff();
    await this.#clinic?.start((error) => this.#logger.error('Opening slots failed', error));
  }

  onApplicationShutdown(): void {
    this.#clinic?.stop();
  }
}
