import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../run.ts';
import { ROOT } from '../targets.ts';
import type { Project } from './project.ts';
import type { Steps } from './steps.ts';

// Compressed: what is JavaScript and documents, and each platform's binary.
const MAX_BYTES = 1_800_000;
const MAX_BYTES_OF_A_BINARY = 1_600_000;

// A program takes seconds, and minutes where the machine is emulated; one that hangs must not hang the rest.
const LONGEST_MS = 10 * 60_000;

/** A tool of the checkout, which has a compiler and all else; the project has not. */
function tool(name: string, args: readonly string[], cwd: string): string {
  return output(process.execPath, [join(ROOT, 'node_modules', ...name.split('/')), ...args], { cwd });
}

/** What holds for the tarball itself. */
export function checkTarball(steps: Steps, packed: { tarball: string; bytes: number; files: readonly string[] }): void {
  const binaries = packed.files.filter((path) => path.endsWith('.node'));
  steps.run('the tarball is under 1.8 MB, and 1.6 MB for each binary', () => {
    if (packed.bytes >= MAX_BYTES + MAX_BYTES_OF_A_BINARY * binaries.length) {
      throw new Error(`it has ${packed.bytes} bytes, and ${binaries.length} binaries`);
    }
    return `${(packed.bytes / 1e6).toFixed(2)} MB, ${packed.files.length} files`;
  });
  steps.run('it has a binary, and nothing that npm would run', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const hooks = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
    if (hooks.length > 0) throw new Error(`package.json has ${hooks.join(', ')}`);
    if (packed.files.includes('binding.gyp')) throw new Error('npm builds packages with a binding.gyp');
    if (binaries.length === 0) throw new Error('there is no binary in it: npm run prebuild');
    return binaries.map((path) => path.replace('prebuilds/', '')).join(', ');
  });
  steps.run('publint finds nothing', () => {
    const text = tool('publint/src/cli.js', ['--strict', packed.tarball], ROOT);
    if (!text.includes('All good!')) throw new Error(text);
  });
  steps.run('are the types wrong finds nothing', () => {
    // Not TypeScript's node10, which knows no `exports`.
    tool('@arethetypeswrong/cli/dist/index.js', [packed.tarball, '--profile', 'node16'], ROOT);
  });
}

/** What smoke.mjs prints. */
export interface Smoke {
  readonly digest: string;
  readonly code: string;
  readonly arch: string;
  readonly isa: string;
  readonly glibc?: string;
}

/** A program that runs JavaScript, with the arguments that come before the script. */
export type Command = readonly [program: string, ...args: string[]];

/** Runs a program of the project; returns what it prints. */
export function runIn(project: Project, [program, ...args]: Command, script: readonly string[], env = {}): string {
  const options = { cwd: project.folder, env: { ...project.env, ...env }, timeout: LONGEST_MS };
  return output(program, [...args, ...script], options);
}

/** import: the same bits as `expected`, unless this is the first run. */
export function smoke(project: Project, command: Command, expected: string | null, env = {}): Smoke {
  const result = JSON.parse(runIn(project, command, ['smoke.mjs'], env)) as Smoke;
  if (result.code !== 'ERR_CONV1D_SHAPE') throw new Error(`the error has the code '${result.code}'`);
  if (expected !== null && result.digest !== expected) throw new Error(`other bits: ${JSON.stringify(result)}`);
  return result;
}

/** All that a runtime should do with the installed package. */
export function checkRuntime(
  steps: Steps,
  name: string,
  project: Project,
  command: Command,
  expected: string,
  env = {},
): void {
  steps.run(`${name}: import`, () => {
    const { arch, isa, glibc } = smoke(project, command, expected, env);
    return [arch, isa, ...(glibc === undefined ? [] : [`glibc ${glibc}`])].join(', ');
  });
  steps.run(`${name}: require`, () => {
    const text = runIn(project, command, ['smoke.cjs'], env).trim();
    if (text !== '[1,1,7]') throw new Error(text);
  });
  steps.run(`${name}: workers`, () => {
    const text = runIn(project, command, ['worker.mjs'], env).trim();
    if (text !== 'ok') throw new Error(text);
  });
  steps.run(`${name}: the walkthrough`, () => {
    const text = runIn(project, command, ['examples/walkthrough.js'], env);
    if (!text.includes('> conv1d.weight.shape')) throw new Error(text);
  });
  steps.run(`${name}: the command`, () => {
    const main = 'node_modules/conv1d/dist/command/cli/main.js';
    const inputs = ['examples/filterbank.safetensors', 'examples/speech.wav'];
    runIn(
      project,
      command,
      [main, 'run', ...inputs, '--out', `features-${name.replaceAll(/\W+/g, '-')}`, '--plot'],
      env,
    );
    runIn(project, command, [main, 'info'], env);
  });
}

const STRICT = {
  target: 'es2022',
  module: 'nodenext',
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  lib: ['es2023', 'dom'],
  types: [],
};

/** Strict type checks of an ESM and a CommonJS file, and the walkthrough compiled for those that follow. */
export function checkTypes(steps: Steps, project: Project): void {
  for (const file of ['types.mts', 'types.cts', 'examples/walkthrough.ts']) {
    steps.run(`strict types: ${file}`, () => {
      compile(project, [file], { ...STRICT, noEmit: !file.startsWith('examples/') });
      return undefined;
    });
  }
}

/**
 * Type checks files that use Node, as a project with @types/node has them.
 *
 * @throws Error  with what the compiler says
 */
export function checkTypesOf(project: Project, files: readonly string[]): void {
  compile(project, files, { ...STRICT, types: ['node'], noEmit: true });
}

function compile(project: Project, files: readonly string[], compilerOptions: object): void {
  writeFileSync(join(project.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  tool('typescript/bin/tsc', ['-p', project.folder], project.folder);
}

/** The package without its binaries. */
export function checkMissing(steps: Steps, project: Project): void {
  steps.run('without a binary, the error says what to do', () => {
    // npm_config_arch makes node-gyp-build look for a machine there is no binary for.
    const env = { npm_config_arch: 's390x' };
    const source = "import('conv1d').catch((error) => console.log(error.code, error.message))";
    const text = runIn(project, [process.execPath], ['--eval', source], env);
    for (const part of ['ERR_CONV1D_ADDON', 'Looked for', 'npx --package=cmake-js']) {
      if (!text.includes(part)) throw new Error(`no '${part}' in: ${text}`);
    }
    return undefined;
  });
  steps.run('no dependency but those in docs/dependencies.md', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object };
    const document = join(ROOT, 'docs', 'dependencies.md');
    const text = existsSync(document) ? readFileSync(document, 'utf8') : '';
    const missing = Object.keys(dependencies).filter((name) => !text.includes(`\`${name}\``));
    if (missing.length > 0) throw new Error(`${missing.join(', ')}: not in docs/dependencies.md`);
    return `${Object.keys(dependencies).length}`;
  });
}
