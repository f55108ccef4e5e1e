import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { saveSafetensors } from '../../lib/io/safetensors.ts';
import { Conv1d } from '../../lib/nn/conv1d.ts';
import { repositoryFile, tone, wavFile } from './cli.ts';

/** Writes a small layer's weights into the folder: 1 -> 4 channels, K 5, stride 2. `conv` computes as the command does. */
export async function smallLayer(folder: string): Promise<{ weights: string; conv: Conv1d }> {
  const conv = new Conv1d(1, 4, 5, { stride: 2, algorithm: 'fast' });
  const weights = join(folder, 'layer.safetensors');
  await saveSafetensors(weights, conv.stateDict(), { stride: '2' });
  return { weights, conv };
}

/** Writes recordings, each of its own pitch and length. */
export function recordings(folder: string, names: readonly string[], length = 200): string[] {
  return names.map((name, i) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wavFile(8000, tone(200 + 10 * i, 8000, length + i)));
    return path;
  });
}

/** `count` names: 000.wav, 001.wav, ... */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${String(i).padStart(3, '0')}.wav`);
}

/** The files below a folder, by their paths there with / on any system, with their contents in hexadecimal digits; without the manifest. */
export function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'conv1d-manifest.jsonl')
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name)).toString('hex')]));
}

/** The objects of `--json`. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Starts the command as a process of its own. */
export function startConv1d(
  nodeFlags: readonly string[],
  ...argv: string[]
): ChildProcessByStdio<null, Readable, Readable> {
  const command = ['--import', 'tsx', ...nodeFlags, repositoryFile('lib/command/cli/main.ts'), ...argv];
  const env = { ...process.env, NO_COLOR: '1' };
  return spawn(process.execPath, command, { cwd: repositoryFile('.'), env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What Node is to import so that a package cannot be found, as if it were not installed. */
export function withoutPackage(name: string): string {
  const resolve = `const resolve = (id, context, next) => next(id === '${name}' ? 'no-such-package' : id, context);`;
  // Node 26 warns of register(), which registerHooks() replaces; Node 20 and 22.12 have no other.
  return dataUrl(`
    import module from 'node:module';
    ${resolve}
    if (module.registerHooks !== undefined) module.registerHooks({ resolve });
    else module.register(${JSON.stringify(dataUrl(`export ${resolve}`))});`);
}

/** What Node is to import so that the command sends itself a signal once `--json` has told of so many written files. */
export function signalAfter(count: number, signal: NodeJS.Signals): string {
  return dataUrl(`
    const write = process.stdout.write.bind(process.stdout);
    let left = ${count};
    process.stdout.write = (text, ...more) => {
      if (text.includes('"written","input"') && --left === 0) process.kill(process.pid, '${signal}');
      return write(text, ...more);
    };`);
}

/** A module of this source, for Node to import. */
export function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
