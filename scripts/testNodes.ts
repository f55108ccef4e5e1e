import { join } from 'node:path';
import { installHere, NODES, node } from './package/runtimes.ts';
import { Steps } from './package/steps.ts';
import { output, run } from './run.ts';
import { ROOT } from './targets.ts';

// `npm run test:nodes [-- VERSION...]`: the tests on every version of Node, or on some of scripts/package/runtimes.ts.

// What depends on Node's version: the addon and its threads, memory, workers, streams, and the command as a process. Everything else
// computes the same on any of them.
const FILES = [
  '14-',
  '20-',
  '22-',
  '23-',
  '24-',
  '25-',
  '26-',
  '28-',
  '49-',
  '60-',
  '64-',
  '81-',
  '84-',
  '85-',
  '86-',
  '94-',
  '95-',
].map((name) => `test/${name}`);

const chosen = process.argv.slice(2);
const unknown = chosen.filter((version) => !NODES.some((known) => known === version));
if (unknown.length > 0) throw new Error(`${unknown.join(', ')}: not one of ${NODES.join(', ')}`);

const steps = new Steps();
steps.run('Node, Bun and Deno install', () => void installHere());
for (const version of NODES) {
  if (chosen.length > 0 && !chosen.includes(version)) continue;
  const program = node(version);
  steps.run(`Node ${version}`, () => {
    const started = performance.now();
    console.log(`\nNode ${output(program, ['--version']).trim()}`);
    run(program, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...FILES], {
      cwd: ROOT,
    });
    return `${Math.round((performance.now() - started) / 1000)} s`;
  });
}
if (!steps.finish()) process.exitCode = 1;
