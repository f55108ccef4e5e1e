import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = new URL('../../../', import.meta.url);

// An arena's process plays this many; then it ends, which is a case of its own, and the next begins with the next seed.
const SEQUENCES = 100;
const TERMINATIONS = 20;

/** Lines of a trace that a failure shows. */
const LAST_LINES = 40;

/** How a process ends that has said how it will. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  'process: exit': 7,
  'process: exit with work of its own': 7,
  'process: end': 0,
  'process: throw': 1,
};

export interface Torture {
  readonly seed: number;
  /** Random sequences of moves. */
  readonly sequences: number;
  /** Workers that end with results alive and work in flight, beside those in the random sequences. */
  readonly terminations: number;
  /** Processes at a time. */
  readonly jobs: number;
}

/** What was done. */
export interface Tally {
  processes: number;
  moves: number;
  workersEnded: number;
}

/** One process. */
interface Arena {
  readonly seed: number;
  readonly sequences: number;
  readonly terminations: number;
}

/**
 * Tortures the results' memory.
 *
 * @param progress  is called with what was done until now after each process
 * @throws Error    with the command that repeats it, when an array's contents are wrong or a process ends as it should not
 */
export async function torture(plan: Torture, progress: (tally: Tally) => void = () => {}): Promise<Tally> {
  const program = await bundle();
  const arenas = arenasOf(plan);
  const tally: Tally = { processes: 0, moves: 0, workersEnded: 0 };
  const lane = async (): Promise<void> => {
    for (let arena = arenas.pop(); arena !== undefined; arena = arenas.pop()) {
      const trace = await runArena(program, arena);
      tally.processes++;
      tally.moves += trace.filter((line) => line.startsWith('  ')).length;
      tally.workersEnded += trace.filter((line) => / worker \d: worker: /.test(line)).length;
      progress(tally);
    }
  };
  await Promise.all(Array.from({ length: plan.jobs }, lane));
  return tally;
}

/** Workers have no TypeScript loader on every Node: the program and the sources of the package as one module. */
async function bundle(): Promise<string> {
  // Two levels below the package's root, as lib/native is: the addon is looked for from there.
  const outfile = fileURLToPath(new URL('build/torture/torture.mjs', ROOT));
  mkdirSync(dirname(outfile), { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('program.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'warning',
    write: false,
  });
  const { text } = outputFiles[0]!;
  // Processes of another run may be about to load it.
  if (!existsSync(outfile) || readFileSync(outfile, 'utf8') !== text) {
    writeFileSync(`${outfile}.${process.pid}`, text);
    renameSync(`${outfile}.${process.pid}`, outfile);
  }
  return outfile;
}

function arenasOf({ seed, sequences, terminations }: Torture): Arena[] {
  const count = Math.max(Math.ceil(sequences / SEQUENCES), Math.ceil(terminations / TERMINATIONS));
  const share = (total: number, i: number): number =>
    Math.floor((total * (i + 1)) / count) - Math.floor((total * i) / count);
  const arenas = Array.from({ length: count }, (_, i) => ({
    seed: seed + i,
    sequences: share(sequences, i),
    terminations: share(terminations, i),
  }));
  return arenas.reverse();
}

/** Runs an arena's process to its end and returns its trace. */
async function runArena(program: string, arena: Arena): Promise<string[]> {
  const { seed, sequences, terminations } = arena;
  const child = spawn(process.execPath, [program, `${seed}`, `${sequences}`, `${terminations}`]);
  let trace = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    trace += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const lines = trace.trimEnd().split('\n');
  const last = lines.at(-1)!;
  if (last in EXIT_CODES && code === EXIT_CODES[last]) return lines;
  throw new Error(
    [
      `The process ended with ${signal ?? `code ${code}`}. Its last moves:`,
      ...lines.slice(-LAST_LINES),
      errors,
      `Again: ${commandFor(arena, lines)}`,
    ].join('\n'),
  );
}

/** The command that plays an arena as far as its trace goes. */
function commandFor({ seed, sequences, terminations }: Arena, trace: readonly string[]): string {
  const played = (what: string): number => trace.filter((line) => line.startsWith(`${what} `)).length;
  const hasEnded = trace.at(-1)!.startsWith('process');
  const [n, m] = hasEnded ? [sequences, terminations] : [played('sequence'), played('termination')];
  return `npm run torture -- --seed ${seed} --sequences ${n} --terminations ${m}`;
}
