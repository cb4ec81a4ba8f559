import mongoose from 'mongoose';

/** What MongoDB's fail point `failCommand` does to the commands it is set on. */
export interface CommandFault {
  readonly failCommands: readonly string[];
  readonly closeConnection?: boolean;
  readonly errorCode?: number;
  readonly writeConcernError?: { readonly code: number; readonly errmsg: string };
  readonly blockConnection?: boolean;
  readonly blockTimeMS?: number;
}

/** Switches faults of a mongod on and off, through a connection of its own. */
export class FailPoint {
  readonly #client: mongoose.mongo.MongoClient;

  private constructor(client: mongoose.mongo.MongoClient) {
    this.#client = client;
  }

  static async on(uri: string): Promise<FailPoint> {
    return new FailPoint(await mongoose.mongo.MongoClient.connect(uri, { appName: 'control' }));
  }

  /** The commands fail while `work` runs: the next `times`, or all of them. */
  async during<T>(fault: CommandFault, work: () => Promise<T>, times?: number): Promise<T> {
    const admin = this.#client.db('admin');
    const mode = times === undefined ? 'alwaysOn' : { times };
    await admin.command({ configureFailPoint: 'failCommand', mode, data: fault });
    try {
      return await work();
    } finally {
      await admin.command({ configureFailPoint: 'failCommand', mode: 'off' });
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
