import { setTimeout as sleep } from 'node:timers/promises';
import { ok, refused, StoreUnavailableError, type Identity, type Outcome } from '@opd/contracts';
import { Body, Controller, Get, Headers, Module, Param, Post, Query } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { z } from 'zod';
import { ArrivedAt, Caller, ClientGone, HeaderSetter, type SetHeader } from '../http/request';
import { Route } from '../http/route';

const Greeting = z
  .strictObject({
    text: z.string().min(1).max(40),
    nested: z.strictObject({ at: z.int() }).optional(),
  })
  .meta({ id: 'Greeting' });
const Answer = z
  .object({
    text: z.string(),
    at: z.iso.datetime(),
    note: z.string().optional(),
    counts: z.record(z.enum(['A', 'B']), z.int()),
  })
  .meta({ id: 'Answer' });
const Empty = z.strictObject({}).meta({ id: 'Empty' });
const Done = z.object({ done: z.boolean() }).meta({ id: 'Done' });
const Key = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be visible ASCII')
    .optional(),
});

class ListQuery {
  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: 200, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit = 50;
}

/** What a handler of the test API did, for the specs to look at. */
export const seen = { greetings: 0, gone: 0, arrivedAtMs: 0, lateAnswers: 0 };

@Controller('v1')
class TestController {
  @Get('open')
  @Route({
    permission: 'public',
    summary: 'Open',
    query: ListQuery,
    reply: z.object({ limit: z.int() }),
  })
  open(@Query() query: ListQuery): Outcome<unknown> {
    return ok({ limit: query.limit });
  }

  @Post('greetings')
  @Route({
    permission: 'slots:manage',
    summary: 'Greets',
    body: Greeting,
    headers: Key,
    status: 201,
    reply: Answer,
    refusals: ['SLOT_FULL'],
  })
  greet(
    @Body() body: z.infer<typeof Greeting>,
    @Headers('idempotency-key') key: string | undefined,
    @Caller() caller: Identity,
    @HeaderSetter() setHeader: SetHeader,
    @ArrivedAt() arrivedAtMs: number,
  ): Promise<Outcome<unknown>> {
    seen.greetings += 1;
    seen.arrivedAtMs = arrivedAtMs;
    if (key) setHeader('idempotency-replayed', 'true');
    return Promise.resolve(
      ok({
        text: `${caller.userId}: ${body.text}`,
        at: new Date(0),
        counts: { A: 1, B: 2 },
        secret: 'never sent',
      }),
    );
  }

  @Post('steps/:id/step')
  @Route({ permission: 'bookings:serve', summary: 'Steps', body: Empty, reply: Done })
  step(@Param('id') id: string): Outcome<{ done: boolean; id: string }> {
    return ok({ done: true, id });
  }

  @Get('refusals/:code')
  @Route({ permission: 'public', summary: 'Refuses', reply: Done, refusals: ['SLOT_FULL'] })
  refuse(): Outcome<never> {
    const extensions = { tier: 'STANDARD', limit: 10, status: 200, code: 'HACKED' };
    return refused({ code: 'SLOT_FULL', detail: 'The slot is full.', extensions });
  }

  @Get('busy')
  @Route({ permission: 'public', summary: 'Refuses for a while', reply: Done })
  busy(): Outcome<never> {
    return refused({ code: 'SLOT_BUSY', detail: 'Busy.', retryAfterSeconds: 1.2 });
  }

  @Get('faults/:kind')
  @Route({ permission: 'public', summary: 'Breaks', reply: Done })
  break(@Param('kind') kind: string): Outcome<unknown> {
    if (kind === 'store') throw new StoreUnavailableError('no primary');
    if (kind === 'reply') return ok({ undone: true });
    throw new Error('E11000 dup key: { phone: "+919876543210" } of Asha Rao 919876543210');
  }

  @Get('slow')
  @Route({ permission: 'public', summary: 'Takes its time', reply: Done })
  async slow(@ClientGone() gone: AbortSignal): Promise<Outcome<unknown>> {
    gone.addEventListener('abort', () => (seen.gone += 1));
    await sleep(700);
    seen.lateAnswers += 1;
    return ok({ done: true });
  }

  @Post('hanging')
  @Route({ permission: 'public', summary: 'Never answers', body: Empty, reply: Done })
  hang(): Promise<Outcome<unknown>> {
    return sleep(3_500).then(() => ok({ done: true }));
  }
}

/** One route for each thing to be tested. */
@Module({ controllers: [TestController] })
export class TestModule {}
