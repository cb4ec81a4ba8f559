/**
 * Goal: every error that can reach the border of an API has the code that is true about it, above all
 * whether something may have been changed.
 * Method: a table of errors, of the driver's own classes where it has them; each once in a read and
 * once in a write.
 */
import { OutcomeUnknownError, StoreUnavailableError } from '@opd/contracts';
import { NotFoundException } from '@nestjs/common';
import { mongo } from 'mongoose';
import { InvalidInputError } from './check';
import { HandlerTimeoutError, refusalOf } from './faults';

function coded(name: string, code: string | number, more: object = {}): Error {
  return Object.assign(new Error('text'), { name, code, ...more });
}

const named = (name: string) => Object.assign(new Error('text'), { name });
const lost = new mongo.MongoNetworkError('connection 5 closed');
const serverError = (code: number) => new mongo.MongoServerError({ code, message: 'text' });
const fastify = (code: string, statusCode: number) => coded('FastifyError', code, { statusCode });

describe('refusalOf', () => {
  it.each([
    [
      'a store out of reach',
      new StoreUnavailableError('x'),
      'STORE_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ],
    ['a write that got lost', new OutcomeUnknownError('x'), 'OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN'],
    ['no server', named('MongoServerSelectionError'), 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
    [
      'no connection free',
      named('MongoWaitQueueTimeoutError'),
      'STORE_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ],
    ['a lost connection', lost, 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    ['too slow a query', serverError(50), 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    ['no majority in time', serverError(64), 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    ['no primary any more', serverError(10107), 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    ['time is up', new HandlerTimeoutError('GET /v1/x', 1), 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    ['a duplicate key', serverError(11000), 'INTERNAL', 'INTERNAL'],
    ['a bug', new TypeError('x'), 'INTERNAL', 'INTERNAL'],
    ['no error at all', 'text', 'INTERNAL', 'INTERNAL'],
    ['a number of its own', coded('Error', 50), 'INTERNAL', 'INTERNAL'],
    ['bad input', new InvalidInputError('body', []), 'VALIDATION_FAILED', 'VALIDATION_FAILED'],
    [
      'broken JSON',
      fastify('FST_ERR_CTP_INVALID_JSON_BODY', 400),
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
    ],
    [
      'a large body',
      fastify('FST_ERR_CTP_BODY_TOO_LARGE', 413),
      'BODY_TOO_LARGE',
      'BODY_TOO_LARGE',
    ],
    [
      'a client that left',
      coded('Error', 'ECONNRESET', { statusCode: 400 }),
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
    ],
    ['a webhook that broke off', coded('Error', 'ECONNRESET'), 'INTERNAL', 'INTERNAL'],
    ["Nest's not found", new NotFoundException(), 'NOT_FOUND', 'NOT_FOUND'],
    ['a status of no parser', coded('Error', 'E_X', { statusCode: 404 }), 'INTERNAL', 'INTERNAL'],
  ])('names %s', (_what, error, inRead, inWrite) => {
    expect(refusalOf(error, 'GET').code).toBe(inRead);
    expect(refusalOf(error, 'POST').code).toBe(inWrite);
  });

  it('says nothing about the inside', () => {
    const { detail, extensions } = refusalOf(new Error('secret of dr-rao'), 'GET');
    expect(detail).not.toContain('secret');
    expect(extensions).toBeUndefined();
  });
});
