import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { type z } from 'zod';

/** One thing that is wrong with a request: where, and what is allowed there. */
export interface InputFault {
  /** Field names and indexes joined by dots; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

const MAX_FAULTS = 20;
const MAX_PATH_CHARACTERS = 100;

/** A body, query, path or header that is not what the route takes. */
export class InvalidInputError extends Error {
  readonly errors: readonly InputFault[];

  constructor(part: string, errors: readonly InputFault[]) {
    super(`The ${part} is not valid.`);
    this.name = 'InvalidInputError';
    this.errors = errors.slice(0, MAX_FAULTS).map((fault) => ({
      path: fault.path.slice(0, MAX_PATH_CHARACTERS),
      message: fault.message,
    }));
  }
}

/** What Fastify wants of a validator: the value to go on with, or the error. */
export type Checked = { value?: unknown } | { error: Error };

/** How one part of a request is checked. Its own class, so that Fastify takes it as it is. */
export class InputCheck {
  constructor(readonly check: (input: unknown) => Checked) {}
}

/** Checks a body, a path or headers with zod. */
export function zodCheck(part: 'body' | 'path' | 'headers', schema: z.ZodType): InputCheck {
  return new InputCheck((input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) {
      return { error: new InvalidInputError(part, parsed.error.issues.flatMap(faultsOf)) };
    }
    // Headers that a route did not declare stay: they belong to others.
    return part === 'headers' ? {} : { value: parsed.data };
  });
}

function faultsOf(issue: z.core.$ZodIssue): InputFault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not a known field',
    }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ path: path.join('.'), message: isMissing ? 'is required' : issue.message }];
}

/** A class whose properties carry class-validator's decorators. */
export type QueryClass = new () => object;

/** Checks a query with class-validator: every parameter must be declared, each at most once. */
export function queryCheck(query: QueryClass): InputCheck {
  return new InputCheck((input) => {
    // Parsed queries have no prototype, which class-transformer does not take.
    const value = plainToInstance(query, { ...(input as object) });
    const errors = validateSync(value, { whitelist: true, forbidNonWhitelisted: true });
    if (errors.length === 0) return { value };
    return { error: new InvalidInputError('query', errors.flatMap(queryFaults)) };
  });
}

function queryFaults({ property, constraints = {} }: ValidationError): InputFault[] {
  return Object.entries(constraints).map(([rule, message]) => ({
    path: property,
    message:
      rule === 'whitelistValidation'
        ? 'is not a known parameter'
        : message.replace(`${property} `, ''),
  }));
}
