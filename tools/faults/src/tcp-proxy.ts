import { createServer, connect, type Server, type Socket } from 'node:net';

/** What a proxy does to the connections of one kind of traffic. */
export type LinkMode =
  | { readonly kind: 'pass' }
  /** Every byte arrives this much later, in both directions. */
  | { readonly kind: 'latency'; readonly delayMs: number }
  /** Open connections are reset, and new ones as soon as they speak. */
  | { readonly kind: 'cut' }
  /** Connections stay, nothing passes. What was held arrives late, when the mode ends. */
  | { readonly kind: 'blackHole' }
  /** Open connections lose their server at once; the client hears of it only after the delay. */
  | { readonly kind: 'slowClose'; readonly delayMs: number };

/** Who speaks on a connection: one of our APIs, or a member of the same replica set. */
export type Traffic = 'api' | 'member';

const PASS: LinkMode = { kind: 'pass' };

/** A TCP proxy before one server on 127.0.0.1, whose links can be made bad and good again. */
export class TcpProxy {
  readonly #links = new Set<Link>();
  /** Clients, those that have not spoken yet included: a server only ends without any. */
  readonly #clients = new Set<Socket>();
  readonly #modes = new Map<Traffic, LinkMode>();
  readonly #server: Server;

  private constructor(
    readonly targetPort: number,
    private readonly trafficOf: (firstBytes: Buffer) => Traffic,
  ) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
      this.#accept(client),
    );
  }

  /** Listens on a free port. `trafficOf` tells from the first bytes of a client who it is. */
  static async start(
    targetPort: number,
    trafficOf: (firstBytes: Buffer) => Traffic = () => 'api',
  ): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort, trafficOf);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Sets the mode for these kinds of traffic, for connections that are open and for new ones. */
  setMode(mode: LinkMode, traffics: readonly Traffic[] = ['api', 'member']): void {
    for (const traffic of traffics) this.#modes.set(traffic, mode);
    for (const link of this.#links)
      if (link.traffic && traffics.includes(link.traffic)) link.enter(mode);
  }

  /** Ends every connection and stops to listen. */
  async close(): Promise<void> {
    for (const link of this.#links) link.reset();
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    client.on('error', () => client.destroy());
    client.once('data', (firstBytes: Buffer) => {
      const traffic = this.trafficOf(firstBytes);
      const mode = this.#modes.get(traffic) ?? PASS;
      if (mode.kind === 'cut') {
        client.resetAndDestroy();
        return;
      }
      const link = new Link(client, this.targetPort, traffic);
      this.#links.add(link);
      link.ended.then(
        () => this.#links.delete(link),
        () => this.#links.delete(link),
      );
      // One that is new has nothing to be closed slowly.
      if (mode.kind !== 'slowClose') link.enter(mode);
      link.start(firstBytes);
    });
  }
}

/** One connection through the proxy. */
class Link {
  readonly ended: Promise<void>;
  readonly #server: Socket;
  readonly #pipes: readonly [Pipe, Pipe];

  constructor(
    private readonly client: Socket,
    port: number,
    readonly traffic: Traffic,
  ) {
    this.#server = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#server.on('error', () => this.reset());
    client.on('error', () => this.reset());
    this.#pipes = [new Pipe(client, this.#server), new Pipe(this.#server, client)];
    this.ended = new Promise((resolve) => {
      let open = 2;
      const closed = () => (open -= 1) === 0 && resolve();
      client.once('close', closed);
      this.#server.once('close', closed);
    });
  }

  start(firstBytes: Buffer): void {
    this.#pipes[0].push(firstBytes);
    for (const pipe of this.#pipes) pipe.start();
  }

  enter(mode: LinkMode): void {
    if (mode.kind === 'cut') return this.reset();
    if (mode.kind === 'slowClose') return this.closeSlowly(mode.delayMs);
    for (const pipe of this.#pipes) {
      pipe.delayMs = mode.kind === 'latency' ? mode.delayMs : 0;
      pipe.isHeld = mode.kind === 'blackHole';
    }
  }

  /** Both ends hear a reset. */
  reset(): void {
    this.client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  private closeSlowly(delayMs: number): void {
    for (const pipe of this.#pipes) pipe.isHeld = true;
    this.#server.resetAndDestroy();
    setTimeout(() => this.client.resetAndDestroy(), delayMs).unref();
  }
}

/** One direction of a link: what comes in goes out in order, later or never. */
class Pipe {
  delayMs = 0;
  #isHeld = false;
  /** Chunks with the time they are due; undefined stands for the end. */
  readonly #queue: { readonly chunk: Buffer | undefined; readonly dueMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
  ) {}

  start(): void {
    this.from.on('data', (chunk: Buffer) => this.push(chunk));
    this.from.once('end', () => this.push(undefined));
    this.from.resume();
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    this.#pump();
  }

  push(chunk: Buffer | undefined): void {
    this.#queue.push({ chunk, dueMs: performance.now() + this.delayMs });
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let next = this.#queue[0]; next && !this.#isHeld; next = this.#queue[0]) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#queue.shift();
      if (!this.to.writable) continue;
      if (next.chunk) this.to.write(next.chunk);
      else this.to.end();
    }
  }
}
