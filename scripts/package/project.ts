import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';

const PROGRAMS = join(ROOT, 'scripts', 'package', 'programs');

/** A folder outside the repository, so that nothing of the checkout can be found from it. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'conv1d-package-'));
}

/** `npm pack`; returns the tarball, and what npm says about it. */
export function pack(folder: string): { tarball: string; bytes: number; files: readonly string[] } {
  // The checkout has been built: `prepare` would build it once more.
  const text = output('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: ROOT });
  const [packed] = JSON.parse(text) as [{ filename: string; size: number; files: { path: string }[] }];
  return { tarball: join(folder, packed.filename), bytes: packed.size, files: packed.files.map(({ path }) => path) };
}

/** A PATH on which there is Node with npm and a shell, and no compiler. */
function bareTools(folder: string): string {
  const tools = join(folder, 'tools');
  mkdirSync(tools);
  for (const name of ['node', 'npm', 'npx', 'sh', 'env']) {
    const path = name === 'node' ? process.execPath : output('sh', ['-c', `command -v ${name}`]).trim();
    symlinkSync(path, join(tools, name));
  }
  return tools;
}

/** An empty project with the tarball installed, and the programs that we try on it. */
export interface Project {
  readonly folder: string;
  /** Its environment: PATH has no compiler, and the package loads prebuilt binaries alone. */
  readonly env: NodeJS.ProcessEnv;
}

export function makeProject(folder: string, tarball: string): Project {
  const project = join(folder, 'project');
  mkdirSync(project);
  const env = { ...process.env, PATH: bareTools(folder), PREBUILDS_ONLY: '1' };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  // As every TypeScript project for Node has it.
  output('npm', ['install', ...options, tarball, '@types/node@20'], { cwd: project, env });
  for (const name of readdirSync(PROGRAMS)) cpSync(join(PROGRAMS, name), join(project, name));
  cpSync(join(ROOT, 'examples'), join(project, 'examples'), { recursive: true });
  return { folder: project, env };
}
