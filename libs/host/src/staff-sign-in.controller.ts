import { SignInStaff } from '@opd/auth';
import { StaffSignInReply, StaffSignInRequest, type Outcome } from '@opd/contracts';
import { Route } from '@opd/platform';
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';

/** How the staff signs in, at the desk's and the administrators' API alike. */
@ApiTags('sign-in')
@Controller('v1/auth')
export class StaffSignInController {
  constructor(@Inject(SignInStaff) private readonly signInStaff: SignInStaff) {}

  @Post('sign-in')
  @Route({
    permission: 'public',
    summary: 'Sign in with username and password',
    body: StaffSignInRequest,
    reply: StaffSignInReply,
    refusals: ['INVALID_CREDENTIALS'],
  })
  signIn(@Body() body: z.infer<typeof StaffSignInRequest>): Promise<Outcome<StaffSignInReply>> {
    return this.signInStaff.execute(body);
  }
}
