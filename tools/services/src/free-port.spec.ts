/**
 * Goal: servers that start side by side never get one port between them.
 * Method: far more ports than the system needs to offer one twice, asked for at once.
 */
import { freePort } from './index';

it('never gives the same port twice', async () => {
  const ports: number[] = [];
  for (let round = 0; round < 40; round += 1)
    ports.push(...(await Promise.all(Array.from({ length: 50 }, () => freePort()))));
  expect(new Set(ports).size).toBe(2_000);
});
