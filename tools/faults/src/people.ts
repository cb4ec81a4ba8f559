import { z } from 'zod';
import type { ApiRows, Audience } from './api-rows';

/** A patient who is signed in for the whole run. */
export interface SignedInPatient {
  readonly patientId: string;
  readonly token: string;
}

/** Everybody who asks for something. */
export interface People {
  readonly patients: readonly SignedInPatient[];
  readonly deskToken: string;
  readonly adminToken: string;
}

const TRIES = 5;
const Code = z.object({ demoCode: z.string() });
const StaffReply = z.object({ accessToken: z.string() });
const PatientReply = StaffReply.extend({ patient: z.object({ patientId: z.string() }) });

/** Signs the demo's staff and so many new patients in. @throws Error if that does not work. */
export async function signInPeople(apis: ApiRows, patients: number): Promise<People> {
  const post = (audience: Audience, path: string, body: unknown) =>
    postOrThrow(`${apis.of(audience)[0]?.url}/v1/auth/${path}`, body);
  const staff = async (username: 'desk' | 'admin') =>
    StaffReply.parse(await post(username, 'sign-in', { username, password: `${username}-demo` }))
      .accessToken;
  const signIn = async (number: number): Promise<SignedInPatient> => {
    const phone = `+9195${String(number).padStart(8, '0')}`;
    const { demoCode: code } = Code.parse(await post('patient', 'otp', { phone }));
    const person = { phone, code, name: `Patient ${number}` };
    const { accessToken, patient } = PatientReply.parse(await post('patient', 'sign-in', person));
    return { patientId: patient.patientId, token: accessToken };
  };
  const signedIn: SignedInPatient[] = [];
  for (let number = 0; number < patients; number++) signedIn.push(await signIn(number));
  return {
    patients: signedIn,
    deskToken: await staff('desk'),
    adminToken: await staff('admin'),
  };
}

/** Posts to an API that is well; a temporary answer is met by asking again. */
export async function postOrThrow(url: string, body: unknown, token?: string): Promise<unknown> {
  let said = '';
  for (let tries = 0; tries < TRIES; tries++) {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    if (response.ok) return response.json();
    said = `${response.status} ${await response.text()}`;
    if (response.status !== 503 && response.status !== 429) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`POST ${new URL(url).pathname}: ${said}`);
}
