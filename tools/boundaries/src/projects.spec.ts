/**
 * Goal: no project slips past the rules by having no tag, and no folder becomes a drawer.
 * Method: reads every project.json. An untagged project could import any npm package (Nx), and one
 * with two types would be judged by both.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE } from './plant';
import { projects } from './projects';

const TYPES = [
  'domain',
  'contract',
  'infra',
  'feature',
  'host',
  'app',
  'test',
  'service',
  'tool',
  'web',
];
const SCOPES = ['shared', 'patient', 'desk', 'admin', 'tools'];
const DRAWERS = /^(common|shared|utils?|helpers?|dtos?|interfaces?)$/;

describe('projects', () => {
  it('are found', () => {
    expect(projects().length).toBeGreaterThanOrEqual(13);
  });

  it.each(projects())('$root has one type and one scope', ({ tags }) => {
    const known = [
      ...TYPES.map((type) => `type:${type}`),
      ...SCOPES.map((scope) => `scope:${scope}`),
    ];
    expect(tags.filter((tag) => tag.startsWith('type:'))).toHaveLength(1);
    expect(tags.filter((tag) => tag.startsWith('scope:'))).toHaveLength(1);
    expect(tags.filter((tag) => !known.includes(tag))).toEqual([]);
  });

  it.each(projects())('$root has no folder that says nothing', ({ root }) => {
    const entries = readdirSync(join(WORKSPACE, root, 'src'), {
      recursive: true,
      withFileTypes: true,
    });
    const drawers = entries.filter((entry) => entry.isDirectory() && DRAWERS.test(entry.name));
    expect(drawers.map(({ name }) => name)).toEqual([]);
  });
});
