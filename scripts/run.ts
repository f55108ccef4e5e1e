import { type SpawnSyncOptions, spawnSync } from 'node:child_process';

const MAX_OUTPUT = 256 * 2 ** 20;

/**
 * Runs a program to its end, its output going to ours.
 *
 * @throws Error  when it cannot be started or fails
 */
export function run(program: string, args: readonly string[], options: SpawnSyncOptions = {}): void {
  const { status, error, signal } = spawnSync(program, args, { stdio: 'inherit', ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${signal ?? `exit code ${status}`}`);
}

/**
 * Runs a program and returns what it wrote to its standard output.
 *
 * @throws Error  when it cannot be started or fails, with all of its output
 */
export function output(program: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, error, signal, stdout, stderr } = spawnSync(program, args, {
    maxBuffer: MAX_OUTPUT,
    ...options,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')}: ${signal ?? `exit code ${status}`}\n${stdout}${stderr}`);
}
