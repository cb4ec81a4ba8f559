/**
 * Goal: the page of problem codes and the code say the same.
 * Method: the rows of docs/problem-codes.md against PROBLEMS, in both directions, with the number of
 * codes fixed here, so that neither side can be empty.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEM_CODES, PROBLEMS, type ProblemKind } from '@opd/contracts';

const EXPECTED_CODES = 28;

interface Row {
  code: string;
  status: number;
  retryAfterSeconds: number | undefined;
  when: string;
  clientDoes: string;
}

function rowsOfPage(): Row[] {
  const page = readFileSync(join(__dirname, '../../../../docs/problem-codes.md'), 'utf8');
  const lines = page.split('\n').filter((line) => /^\| `[A-Z_]+` /.test(line));
  return lines.map((line) => {
    const [code = '', status, retry, when = '', , clientDoes = ''] = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    const retryAfterSeconds = retry ? Number(retry) : undefined;
    return {
      code: code.replaceAll('`', ''),
      status: Number(status),
      retryAfterSeconds,
      when,
      clientDoes,
    };
  });
}

describe('docs/problem-codes.md', () => {
  const rows = rowsOfPage();

  it('has every code once, and no other', () => {
    expect(PROBLEM_CODES).toHaveLength(EXPECTED_CODES);
    expect(rows.map(({ code }) => code)).toEqual(PROBLEM_CODES);
  });

  it.each(PROBLEM_CODES)('tells about %s what the code does', (code) => {
    const { status, retryAfterSeconds }: ProblemKind = PROBLEMS[code];
    const row = rows.find((each) => each.code === code);
    expect(row).toMatchObject({ status, retryAfterSeconds });
    expect(row?.when.length).toBeGreaterThan(10);
    expect(row?.clientDoes.length).toBeGreaterThan(5);
  });
});
