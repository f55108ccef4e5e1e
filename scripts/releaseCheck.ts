import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pc from 'picocolors';
import { readMachineReports } from '../bench/machines/reports.ts';
import { examine, type Finding } from './release.ts';

// `npm run release:check`: everything that must hold before `npm publish`. It checks all of it; exit code 1 when a line fails.
// The scripts that take minutes run last, and only when what is cheap holds, or with --all.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SLOW = ['check:binaries', 'test:package -- --full'];

const DOCUMENTS = [
  ...['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', 'native/README.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const text = (name: string) => readFileSync(join(ROOT, name), 'utf8');

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function show({ name, problems }: Finding): void {
  console.log(`${problems.length === 0 ? pc.green('ok  ') : pc.red('FAIL')} ${name}`);
  for (const problem of problems) console.log(`       ${problem}`);
}

function runScript(script: string): Finding {
  const { status } = spawnSync('npm', ['run', '--silent', ...script.split(' ')], { cwd: ROOT, stdio: 'inherit' });
  return { name: `npm run ${script}`, problems: status === 0 ? [] : [`exit code ${status}`] };
}

const findings = examine({
  manifest: text('package.json'),
  lock: text('package-lock.json'),
  changelog: text('CHANGELOG.md'),
  status: git('status', '--porcelain'),
  tags: git('tag', '--points-at', 'HEAD').split('\n'),
  documents: Object.fromEntries(DOCUMENTS.map((name) => [name, text(name)])),
  measured: readMachineReports().map(({ results, isCurrent }) => ({ machine: results.machine.name, isCurrent })),
  exists: (path) => existsSync(join(ROOT, path)),
});
findings.forEach(show);

const holds = (each: readonly Finding[]) => each.every(({ problems }) => problems.length === 0);
if (holds(findings) || process.argv.includes('--all')) {
  for (const script of SLOW) {
    const finding = runScript(script);
    findings.push(finding);
    show(finding);
  }
} else {
  console.log(pc.dim(`---- not run: ${SLOW.map((script) => `npm run ${script}`).join(', ')} (--all runs them anyway)`));
}
process.exitCode = holds(findings) ? 0 : 1;
