import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { repositoryFile } from './helpers/cli.ts';

test.each([
  ['ends', 'await Promise.all(workers.map((worker) => worker.terminate()));', 0],
  ['exits', 'void network.forwardAsync(x); process.exit(7);', 7],
] as const)('a process whose worker has a network at work %s cleanly', (_, end, status) => {
  const script = `
    import { compile, nn, rand } from './lib/index.ts';
    import { Opener } from './test/helpers/share/worker.ts';
    const network = compile(new nn.Conv1d(16, 16, 9).eval(), { input: rand(1, 16, 20) });
    const x = rand(4, 16, 20000);
    const workers = [new Opener()];
    const request = { handle: network.share(), how: 'spin', calls: [[x]] };
    await Promise.all(workers.map((worker) => worker.ask(request)));
    ${end}`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const ended = spawnSync(process.execPath, args, { cwd: repositoryFile('.'), encoding: 'utf8' });
  expect(ended).toMatchObject({ status, signal: null, stdout: '', stderr: '' });
});
