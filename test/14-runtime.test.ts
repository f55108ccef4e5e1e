import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { Conv1d, cpuInfo, getNumThreads, rand, setNumThreads } from '../lib/index.ts';
import { cgroupProcessors, processorsOfV1, processorsOfV2, quotaFolders } from '../lib/native/cgroup.ts';
import { MAX_THREADS } from '../lib/native/maxThreads.ts';
import { initialThreads } from '../lib/native/runtime.ts';

describe('the number of threads', () => {
  const before = getNumThreads();
  afterEach(() => setNumThreads(before));

  test.each([1, 2, 7, MAX_THREADS])('can be %i', (threads) => {
    setNumThreads(threads);
    expect(getNumThreads()).toBe(threads);
    expect(cpuInfo().threads).toBe(threads);
  });
  test.each([
    [0, 'ERR_CONV1D_VALUE'],
    [-1, 'ERR_CONV1D_VALUE'],
    [1.5, 'ERR_CONV1D_VALUE'],
    [Number.NaN, 'ERR_CONV1D_VALUE'],
    [Number.POSITIVE_INFINITY, 'ERR_CONV1D_VALUE'],
    [MAX_THREADS + 1, 'ERR_CONV1D_VALUE'],
    [2 ** 60, 'ERR_CONV1D_VALUE'],
    ['2', 'ERR_CONV1D_TYPE'],
    [2n, 'ERR_CONV1D_TYPE'],
    [undefined, 'ERR_CONV1D_TYPE'],
    [null, 'ERR_CONV1D_TYPE'],
  ])('cannot be %o', (threads, code) => {
    expect(() => setNumThreads(threads as never)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/^set_num_threads expects /) }),
    );
    expect(getNumThreads()).toBe(before);
  });
  test('does not change a bit of a result', () => {
    const conv = new Conv1d(16, 24, 7, { padding: 'same' });
    const x = rand(8, 16, 500);
    const [one, two, seven] = [1, 2, 7].map((threads) => {
      setNumThreads(threads);
      return conv.forward(x).data;
    });
    expect(two).toEqual(one);
    expect(seven).toEqual(one);
  });
});

describe('cpuInfo', () => {
  test('names an implementation that the machine supports, best first', () => {
    const { isa, supported } = cpuInfo();
    expect(supported).toContain(isa);
    expect(supported.at(-1)).toBe('scalar');
  });
});

describe('the number of threads to start with', () => {
  const cases: [variable: string | undefined, available: number, quota: number | undefined, expected: number][] = [
    [undefined, 8, undefined, 8],
    [undefined, 8, 2, 2],
    [undefined, 2, 8, 2],
    [undefined, 4096, undefined, MAX_THREADS],
    ['', 8, undefined, 8],
    ['3', 8, 2, 3],
    [' 16 ', 8, undefined, 16],
    [`${MAX_THREADS}`, 1, undefined, MAX_THREADS],
  ];
  test.each(cases)(
    'CONV1D_NUM_THREADS %o, %i processors, a quota of %o: %i',
    (variable, available, quota, expected) => {
      expect(initialThreads(variable, available, quota)).toBe(expected);
    },
  );
  test.each(['0', '-1', '1.5', 'two', '1e1', '0x10', '257', '99999999999999999999', '٣'])(
    'CONV1D_NUM_THREADS=%s is refused by name',
    (variable) => {
      expect(() => initialThreads(variable, 8, undefined)).toThrow(
        expect.objectContaining({
          code: 'ERR_CONV1D_VALUE',
          message: expect.stringContaining('CONV1D_NUM_THREADS must be an integer from 1 to 256'),
        }),
      );
    },
  );
});

describe('the environment, read when the package is loaded', () => {
  /** What a new process prints that runs a script. */
  function evaluate(script: string, environment: Record<string, string>): string {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', script],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: { ...process.env, ...environment },
        encoding: 'utf8',
      },
    );
    return stdout + stderr;
  }

  /** cpuInfo in a new process, or the code and the message of the error at loading. */
  function load(environment: Record<string, string>): string {
    const script = `import('./lib/index.ts').then(
      ({ cpuInfo }) => console.log(JSON.stringify(cpuInfo())),
      (error) => console.log(error.code, error.message),
    )`;
    return evaluate(script, environment);
  }

  test('a Worker that loads the package leaves the choice of its parent alone', () => {
    const script = `
      import { Worker } from 'node:worker_threads';
      import { cpuInfo, setNumThreads } from './lib/index.ts';
      import { addon } from './lib/native/addon.ts';
      setNumThreads(5);
      addon.setIsa('scalar');
      const load = "require('node-gyp-build')(process.cwd()).setDefaultNumThreads(2)";
      const worker = new Worker(load, { eval: true, execArgv: [] });
      worker.on('exit', (code) => console.log(code, JSON.stringify(cpuInfo())));`;
    expect(evaluate(script, {})).toMatch(/^0 .*"isa":"scalar".*"threads":5/);
  });

  test.each([
    ['CONV1D_NUM_THREADS', '3', '"threads":3'],
    ['CONV1D_NUM_THREADS', 'two', 'ERR_CONV1D_VALUE the environment variable CONV1D_NUM_THREADS must be'],
    ['CONV1D_ISA', 'scalar', '"isa":"scalar"'],
    ['CONV1D_ISA', 'sse9', 'ERR_CONV1D_ISA'],
  ])('%s=%s', (name, value, expected) => expect(load({ [name]: value })).toContain(expected));
});

describe('control groups', () => {
  const v2: [text: string | undefined, processors: number | undefined][] = [
    ['max 100000\n', undefined],
    ['200000 100000\n', 2],
    ['250000 100000\n', 3],
    ['50000 100000\n', 1],
    ['1000 1000000', 1],
    ['400000', undefined],
    ['0 100000', undefined],
    ['200000 0', undefined],
    ['', undefined],
    ['nonsense', undefined],
    [undefined, undefined],
  ];
  test.each(v2)('version 2, cpu.max %o is %o', (text, processors) => expect(processorsOfV2(text)).toBe(processors));

  const v1: [quota: string | undefined, period: string | undefined, processors: number | undefined][] = [
    ['-1\n', '100000\n', undefined],
    ['200000\n', '100000\n', 2],
    ['150000\n', '100000\n', 2],
    ['', '100000', undefined],
    [undefined, '100000', undefined],
    ['200000', undefined, undefined],
  ];
  test.each(v1)('version 1, quota %o of period %o is %o', (quota, period, processors) =>
    expect(processorsOfV1(quota, period)).toBe(processors),
  );

  const groups: [text: string, folders: string[]][] = [
    ['0::/\n', ['/sys/fs/cgroup']],
    ['0::/user.slice/job\n', ['/sys/fs/cgroup/user.slice/job', '/sys/fs/cgroup/user.slice', '/sys/fs/cgroup']],
    ['4:memory:/a\n3:cpu,cpuacct:/docker/x\n', ['/docker/x', '/docker', ''].map((path) => `/sys/fs/cgroup/cpu${path}`)],
    ['2:cpuset:/a\n1:name=systemd:/b:c\n', []],
    ['0::/../..\n', ['/sys/fs/cgroup']],
    ['nonsense', []],
    ['', []],
  ];
  test.each(groups)('%o looks into %o', (text, folders) => {
    expect(quotaFolders(text).map(({ folder }) => folder)).toEqual(folders);
  });

  test('the smallest quota on the way up wins', () => {
    const files: Record<string, string> = {
      '/proc/self/cgroup': '0::/outer/inner\n',
      '/sys/fs/cgroup/outer/inner/cpu.max': '800000 100000\n',
      '/sys/fs/cgroup/outer/cpu.max': '300000 100000\n',
      '/sys/fs/cgroup/cpu.max': 'max 100000\n',
    };
    expect(cgroupProcessors((path) => files[path])).toBe(3);
  });
  test('a system without them has no quota', () => expect(cgroupProcessors(() => undefined)).toBeUndefined());
  test('this system is read without complaint', () => {
    const processors = cgroupProcessors();
    expect(processors === undefined || processors >= 1).toBe(true);
  });
});
