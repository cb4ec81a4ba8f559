import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE } from './plant';

/** One project of the workspace, as its project.json says. */
export interface Project {
  readonly name: string;
  /** Its folder, relative to the workspace. */
  readonly root: string;
  readonly tags: readonly string[];
}

/** All projects, by folder. */
export function projects(): Project[] {
  const folders = ['libs', 'apps', 'tools'].flatMap((area) =>
    readdirSync(join(WORKSPACE, area)).map((folder) => `${area}/${folder}`),
  );
  return folders
    .filter((root) => existsSync(join(WORKSPACE, root, 'project.json')))
    .map((root) => {
      const file = readFileSync(join(WORKSPACE, root, 'project.json'), 'utf8');
      const { name, tags } = JSON.parse(file) as { name: string; tags?: string[] };
      return { name, root, tags: tags ?? [] };
    });
}

/** The TypeScript files under a folder of the workspace, specs left out, relative to the workspace. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(join(WORKSPACE, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => `${folder}/${file}`);
}
