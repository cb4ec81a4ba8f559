import { SendCode, SignInPatient } from '@opd/auth';
import {
  PatientSignInReply,
  PatientSignInRequest,
  SendCodeReply,
  SendCodeRequest,
  type Outcome,
} from '@opd/contracts';
import { Route } from '@opd/platform';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

/** How a patient signs in: a one-time code to his phone. */
@ApiTags('sign-in')
@Controller('v1/auth')
export class SignInController {
  constructor(
    @Inject(SendCode) private readonly sendCode: SendCode,
    @Inject(SignInPatient) private readonly signInPatient: SignInPatient,
  ) {}

  @Post('otp')
  @Route({
    permission: 'public',
    summary: 'Send a one-time code; the same answer for known and unknown phones',
    body: SendCodeRequest,
    status: 202,
    reply: SendCodeReply,
    refusals: ['DELIVERY_UNAVAILABLE'],
  })
  requestCode(@Body() body: z.infer<typeof SendCodeRequest>): Promise<Outcome<SendCodeReply>> {
    return this.sendCode.execute(body);
  }

  @Post('sign-in')
  @Route({
    permission: 'public',
    summary: 'Sign in with the code; a new phone also gives a name',
    body: PatientSignInRequest,
    reply: PatientSignInReply,
    refusals: ['INVALID_CREDENTIALS', 'OUTCOME_UNKNOWN'],
  })
  signIn(@Body() body: z.infer<typeof PatientSignInRequest>): Promise<Outcome<PatientSignInReply>> {
    return this.signInPatient.execute(body);
  }
}
