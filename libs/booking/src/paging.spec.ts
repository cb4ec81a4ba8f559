/**
 * Goal: pages fit together without a gap, and no cursor of somebody's own making gets through.
 * Method: lists shorter than, as long as and longer than a page; cursors that are none of ours.
 */
import { fromCursor, pageOf, toCursor } from './paging';

const cursorOf = (last: number) => `after ${last}`;

describe('pageOf', () => {
  it.each([
    [[], 2, { items: [] }],
    [[1], 2, { items: [1] }],
    [[1, 2], 2, { items: [1, 2] }],
    [[1, 2, 3], 2, { items: [1, 2], nextCursor: 'after 2' }],
    [[1, 2], 1, { items: [1], nextCursor: 'after 1' }],
  ])('cuts %j at %d', (rows, limit, page) => {
    expect(pageOf(rows, limit, cursorOf)).toEqual(page);
  });

  it('leads through a whole list, page by page', () => {
    const all = Array.from({ length: 23 }, (_, index) => index + 1);
    const seen: number[] = [];
    let after = 0;
    for (let pages = 0; pages < 10; pages += 1) {
      const rows = all.filter((row) => row > after).slice(0, 6);
      const { items, nextCursor } = pageOf(rows, 5, String);
      seen.push(...items);
      if (nextCursor === undefined) break;
      after = Number(nextCursor);
    }
    expect(seen).toEqual(all);
  });
});

describe('cursors', () => {
  it.each([[['2026-11-24T03:30:00.000Z', 'dr-rao_2026-11-24_0900', 7]], [[12]], [['ä ✓', '']]])(
    'come back as they went: %j',
    (parts) => {
      expect(fromCursor(toCursor(...parts), parts.length)).toEqual(parts);
    },
  );

  it('are fit for a URL as they are', () => {
    expect(toCursor('???>>>', 'ÿÿÿ')).toMatch(/^[\w-]+$/);
  });

  it.each([
    ['of another length', toCursor(1, 2)],
    ['that hold no list', Buffer.from('{"0":1}').toString('base64url')],
    ['that hold no JSON', Buffer.from('hello').toString('base64url')],
    ['that are empty', ''],
    ['that are no base64', '%%%'],
  ])('%s are refused', (_what, cursor) => {
    expect(fromCursor(cursor, 1)).toBeUndefined();
  });
});
