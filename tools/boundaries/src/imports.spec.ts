/**
 * Goal: the directions in which parts may import each other are enforced, every one of them.
 * Method: a table written from ARCHITECTURE.md, not from the lint configuration. For every part, as
 * source and as spec, each of our aliases and each guarded npm package is planted in a text that
 * the linter then reads. What the table does not allow must be reported; what it allows must not.
 * Every text also carries an enum, which must always be reported: silence means allowed, never that
 * nothing was linted.
 */
import { lintPlants, type Complaint, type Plant } from './plant';
import { projects } from './projects';

const ROOTS = {
  'capacity-core': 'libs/capacity-core',
  contracts: 'libs/contracts',
  locking: 'libs/locking',
  auth: 'libs/auth',
  platform: 'libs/platform',
  booking: 'libs/booking',
  host: 'libs/host',
  'patient-api': 'apps/patient-api',
  'desk-api': 'apps/desk-api',
  'admin-api': 'apps/admin-api',
  testing: 'libs/testing',
  services: 'tools/services',
  'simulate-day': 'tools/simulate-day',
  simulation: 'tools/simulation',
  faults: 'tools/faults',
} as const;
type Part = keyof typeof ROOTS;
const PARTS = Object.keys(ROOTS) as Part[];

const RULES: Part[] = ['capacity-core', 'contracts'];
const INFRA: Part[] = ['locking', 'auth', 'platform'];
const APPS: Part[] = ['patient-api', 'desk-api', 'admin-api'];
const EVERYTHING_BUT_APPS: Part[] = [...RULES, ...INFRA, 'booking', 'host', 'testing', 'services'];

const MAY_IMPORT: Record<Part, Part[]> = {
  'capacity-core': [],
  contracts: ['capacity-core'],
  locking: RULES,
  auth: RULES,
  platform: RULES,
  booking: [...RULES, ...INFRA],
  host: [...RULES, ...INFRA, 'booking'],
  'patient-api': [...RULES, ...INFRA, 'booking', 'host'],
  'desk-api': [...RULES, ...INFRA, 'booking', 'host'],
  'admin-api': [...RULES, ...INFRA, 'booking', 'host'],
  testing: [...RULES, 'services'],
  services: [],
  'simulate-day': EVERYTHING_BUT_APPS,
  simulation: EVERYTHING_BUT_APPS,
  faults: EVERYTHING_BUT_APPS,
};

/** What a spec may import beyond what its part may. */
const SPEC_MAY_ALSO: Record<Part, Part[]> = {
  'capacity-core': [],
  contracts: [],
  locking: ['testing'],
  auth: ['testing'],
  platform: ['testing'],
  booking: ['testing'],
  host: ['testing'],
  'patient-api': ['testing', ...APPS],
  'desk-api': ['testing', ...APPS],
  'admin-api': ['testing', ...APPS],
  testing: [],
  services: [],
  'simulate-day': APPS,
  simulation: APPS,
  faults: APPS,
};

const GUARDED_PACKAGES = [
  'zod',
  'fast-check',
  'mongoose',
  'mongodb',
  'ioredis',
  'redlock',
  '@nestjs/common',
  'node:fs',
] as const;
type Package = (typeof GUARDED_PACKAGES)[number];

const MAY_IMPORT_ONLY: Partial<Record<Part, { source: Package[]; spec: Package[] }>> = {
  'capacity-core': { source: [], spec: ['fast-check'] },
  contracts: { source: ['zod'], spec: ['zod', 'fast-check'] },
};
const SOURCE_MAY_NOT_IMPORT: Partial<Record<Part, Package[]>> = {
  booking: ['ioredis', 'redlock'],
  host: ['ioredis', 'redlock'],
  'patient-api': ['mongoose', 'mongodb', 'ioredis', 'redlock'],
  'desk-api': ['mongoose', 'mongodb', 'ioredis', 'redlock'],
  'admin-api': ['mongoose', 'mongodb', 'ioredis', 'redlock'],
};

interface Expectation extends Plant {
  readonly allowed: boolean;
}

const SENTINEL = 'export enum Sentinel { Seen }';

interface Import {
  readonly place: 'source' | 'spec';
  readonly name: string;
  readonly allowed: boolean;
}

function plant(part: Part, { place, name, allowed }: Import): Expectation {
  return {
    name: `${part} (${place}) -> ${name}`,
    file: `${ROOTS[part]}/src/planted${place === 'spec' ? '.spec' : ''}.ts`,
    text: `import '${name}';\n${SENTINEL}`,
    allowed,
  };
}

function partPlants(part: Part): Expectation[] {
  const others = PARTS.filter((other) => other !== part);
  return others.flatMap((other) => {
    const name = `@opd/${other}`;
    const inSource = MAY_IMPORT[part].includes(other);
    const inSpec = inSource || SPEC_MAY_ALSO[part].includes(other);
    return [
      plant(part, { place: 'source', name, allowed: inSource }),
      plant(part, { place: 'spec', name, allowed: inSpec }),
    ];
  });
}

function packagePlants(part: Part): Expectation[] {
  const only = MAY_IMPORT_ONLY[part];
  const banned = SOURCE_MAY_NOT_IMPORT[part] ?? [];
  return GUARDED_PACKAGES.flatMap((name) => {
    const inSource = only ? only.source.includes(name) : !banned.includes(name);
    const inSpec = only ? only.spec.includes(name) : true;
    return [
      plant(part, { place: 'source', name, allowed: inSource }),
      plant(part, { place: 'spec', name, allowed: inSpec }),
    ];
  });
}

// Neither a type, nor a lazy import, nor a way round through the folders gets past the rule.
const DISGUISES: Expectation[] = [
  "import type { Slot } from '@opd/booking';",
  "export * from '@opd/booking';",
  "export const lazy = () => import('@opd/booking');",
  "import '../../booking/src/index';",
].map((line) => ({
  name: `locking (source) -> booking, as ${line}`,
  file: 'libs/locking/src/planted.ts',
  text: `${line}\n${SENTINEL}`,
  allowed: false,
}));

// An alias without a project behind it cannot be planted: these are programs, not libraries.
const PROGRAMS = ['simulate-day', 'simulation', 'faults'];
const ALIASED = ({ name }: Expectation) =>
  !PROGRAMS.some((program) => name.endsWith(`@opd/${program}`));
const EXPECTATIONS = [
  ...PARTS.flatMap((part) => [...partPlants(part), ...packagePlants(part)]).filter(ALIASED),
  ...DISGUISES,
];

const IMPORT_RULES = ['@nx/enforce-module-boundaries', 'no-restricted-imports'];

function complaintsOfImport(complaints: Complaint[]): Complaint[] {
  return complaints.filter(({ ruleId }) => ruleId !== null && IMPORT_RULES.includes(ruleId));
}

describe('import directions', () => {
  let reports: Complaint[][];

  beforeAll(() => {
    reports = lintPlants(EXPECTATIONS);
  }, 120_000);

  it('knows every library and app of the workspace', () => {
    const known: string[] = PARTS;
    const missing = projects().filter(
      ({ root, name }) => !/^tools/.test(root) && !known.includes(name),
    );
    expect(missing).toEqual([]);
  });

  it('plants hundreds of imports, forbidden and allowed ones', () => {
    expect(EXPECTATIONS.filter(({ allowed }) => !allowed).length).toBeGreaterThan(150);
    expect(EXPECTATIONS.filter(({ allowed }) => allowed).length).toBeGreaterThan(100);
    expect(reports).toHaveLength(EXPECTATIONS.length);
  });

  it.each(EXPECTATIONS.map((expectation, index) => ({ ...expectation, index })))(
    '$name: allowed $allowed',
    ({ allowed, index }) => {
      const complaints = reports[index] ?? [];
      const linted = complaints.some(({ ruleId }) => ruleId === 'no-restricted-syntax');
      expect({ linted, allowed: complaintsOfImport(complaints).length === 0 }).toEqual({
        linted: true,
        allowed,
      });
    },
  );
});
