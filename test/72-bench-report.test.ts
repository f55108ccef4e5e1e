import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { medianTables, sideBySideCells } from '../bench/documents/cells/layers.ts';
import { summaryCells } from '../bench/documents/cells/summary.ts';
import { fill } from '../bench/documents/fill.ts';
import { performanceParts } from '../bench/documents/performance.ts';
import { CHINESE, readmeParts } from '../bench/documents/readme.ts';
import { everyThirdLayer, speedPicture } from '../bench/documents/speedPicture.ts';
import { digestOf } from '../bench/machines/code.ts';
import { machineFile, machineName } from '../bench/machines/info.ts';
import { microarchitectureOf } from '../bench/machines/microarchitecture.ts';
import { arrange, codeText } from '../bench/machines/reports.ts';
import { renderPage } from '../bench/page/page.ts';
import { LAYERS } from '../bench/problems.ts';
import type { PeerResult, Results } from '../bench/results.ts';
import { changed, outcome, report, results } from './helpers/benchResults.ts';

const document = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

/** A second machine, measured with older code, of which less is known. */
function older(): Results {
  const { memory, overhead, scaling, ...rest } = results(1.3, 2);
  return {
    ...rest,
    date: '1999-01-01',
    code: { version: '0.0.9', commit: 'def5678' },
    machine: { ...rest.machine, name: 'Another' },
    runs: rest.runs.slice(0, 1).map((run) => ({ ...run, own: run.own.slice(0, 1) })),
  };
}

describe('the page', () => {
  test('is one without scripts and without anything from elsewhere', () => {
    const page = renderPage([report(results(1.2, 2)), report(older(), false)]);
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(12);
    expect(page.length).toBeLessThan(600_000);
  });

  test('names each machine, side by side, with the code that it measured', () => {
    const page = renderPage([report(results(1.2, 2)), report(older(), false)]);
    expect(page).toContain('<h3>A &#60;fast&#62; one</h3>');
    expect(page).toContain('conv1d 0.1.0, commit abc1234, 2000-01-01');
    expect(page).toMatch(
      /<h3>Another <b class="old">older code<\/b><\/h3>\s*<p class="dim">conv1d 0\.0\.9, commit def5678 \(older code\)/,
    );
  });

  test('leaves out what was not measured', () => {
    const page = renderPage([report({ ...older(), runs: older().runs.map((run) => ({ ...run, peers: [] })) })]);
    for (const title of ['Against other libraries', 'Scaling', 'Fast algorithms', 'In short']) {
      expect(page).not.toContain(`<h2>${title}`);
    }
    expect(page).toContain('<h2>Against the machine');
  });

  test('says why a library did not run', () => {
    const all = results(1.2, 2);
    const [first, ...rest] = all.runs;
    const absent: PeerResult = { id: 'torch', name: 'PyTorch', version: '', why: 'no <torch> here', outcomes: [] };
    const page = renderPage([
      report({ ...all, runs: [{ ...first!, peers: [...first!.peers.slice(0, 2), absent] }, ...rest] }),
    ]);
    expect(page).toContain('PyTorch did not run: no &#60;torch&#62; here.');
  });

  test('refuses to show nothing', () => {
    expect(() => renderPage([])).toThrow('nothing to report');
  });
});

describe('the pictures', () => {
  test('stand by themselves, in light and dark, losses included, and name their machine', () => {
    const all = results(1.2, 0.5);
    const picture = speedPicture(all, everyThirdLayer(all));
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(picture).toContain('@media (prefers-color-scheme: dark)');
    expect(picture).toContain('A &lt;fast&gt; one, 1 thread, AVX-512');
    expect(picture).not.toMatch(/NaN|Infinity|transparent/);
  });

  test('tell conv1d fast, conv1d on AVX2 and each library apart by shape and by colour', () => {
    const all = results(1.2, 2);
    const picture = speedPicture(all, everyThirdLayer(all));
    for (const name of ['conv1d, fast', 'conv1d on AVX2', 'onnxruntime', 'PyTorch', 'tfjs'])
      expect(picture).toContain(name);
    for (const colour of ['ours', 'onnxruntime', 'pytorch', 'tfjs'])
      expect(picture).toContain(`fill="var(--${colour})"`);
    expect(picture).toContain('stroke="var(--ours)"');
  });

  test('have every third layer by how near another library comes, the nearest first, without the seed layer', () => {
    const ahead = results(1.2, 2);
    // The later a layer, the nearer the other libraries; the Fourier transform is the farthest.
    const all = changed(ahead, 'peers', (each, layer) => {
      const ms = 'why' in each ? 0 : each.tight.minMs!;
      return outcome(ms * (layer < LAYERS.length ? 2 - layer / LAYERS.length : 9));
    });
    const names = [22, 19, 16, 13, 10, 7, 4, 1].map((layer) => LAYERS[layer]!.name);
    expect(everyThirdLayer(all)).toEqual(names);
  });
});

describe('the tables', () => {
  test('compare all machines with their own direct sum, side by side', () => {
    const { head, rows } = summaryCells([report(results(1.2, 2, 0.5)), report(older(), false)], 'shortest')!;
    expect(head).toEqual(['', 'A <fast> one, 1 thread', 'A <fast> one, 2 threads', 'Another, 1 thread']);
    expect(rows.find(([label]) => label === 'conv1d, fast')).toEqual(['conv1d, fast', '0.50x', '0.50x', '-']);
    expect(rows.find(([label]) => label === 'ort 1.0')).toEqual(['ort 1.0', '2.00x', '2.00x', '2.00x']);
  });

  test('leave out machines of which there are no medians', () => {
    const old = older();
    const withoutMedians = changed(
      changed(old, 'own', () => minimum(3)),
      'peers',
      () => minimum(6),
    );
    expect(summaryCells([report(withoutMedians)], 'tight')).toBeNull();
    const { head } = summaryCells([report(results(1, 2)), report(withoutMedians)], 'tight')!;
    expect(head).toHaveLength(3);
  });

  test('say how many layers a mean covers where it is not all', () => {
    const all = changed(results(1.2, 2), 'peers', (each, layer) => (layer === 3 ? { why: 'no groups' } : each));
    const { rows } = summaryCells([report(all)], 'shortest')!;
    expect(rows.find(([label]) => label === 'tfjs 1.0')).toEqual(['tfjs 1.0', '2.00x (22)', '2.00x']);
  });

  test('have a row for a layer that only one machine knows', () => {
    const fewer = { ...older(), problems: LAYERS };
    const { rows } = sideBySideCells([report(fewer), report(results(1.2, 2, 0.5))]);
    expect(rows.find(([name]) => name === 'stft')).toEqual([
      ...['stft', '1->402 k400 s160, L 480000', '-', '-', '-', '-'],
      ...[expect.any(String), '0.50x', '1.20', '2.00x'],
    ]);
  });

  test('have medians of both loops of each form, and one loop of a library without an event loop', () => {
    const all = changed(results(1.2, 2), 'peers', (each, _, rank) => {
      return rank === 2 && !('why' in each) ? { tight: each.tight, disagreement: 0 } : each;
    });
    const [own, others] = medianTables(all, all.runs[0]!);
    const forms = ['direct AVX-512', 'fast AVX-512', 'direct AVX2', 'fast AVX2'];
    expect(own!.head).toEqual(['layer', ...forms.flatMap((form) => [form, '... yielding'])]);
    expect(others!.head.slice(5)).toEqual(['torch', 'tfjs', '... yielding']);
    for (const { head, rows } of [own!, others!]) for (const row of rows) expect(row).toHaveLength(head.length);
    expect(medianTables(older(), { ...older().runs[0]!, own: [], peers: [] })).toEqual([]);
  });

  const minimum = (ms: number) => ({ tight: {}, yielding: { minMs: ms }, disagreement: 0 });
});

describe('docs/performance.md and the READMEs', () => {
  const reports = [report(results(1.2, 2)), report(older(), false)];

  test('take the tables of all machines, and taking them again changes nothing', () => {
    const filled = fill(document('docs/performance.md'), performanceParts(reports), 'here');
    expect(filled).toContain('| hifigan 64 | 64->64 k11 d5, L 12800 |');
    expect(filled).toContain('- **Another**: conv1d 0.0.9, commit def5678 (older code), 1999-01-01');
    expect(filled).toContain('Beside other libraries, on no layer of this run.');
    expect(fill(filled, performanceParts(reports), 'here')).toBe(filled);
    expect(() => fill('# nothing', performanceParts(reports), 'here')).toThrow('here has no <!-- machines -->');
  });

  test('list where a library or a native kernel is faster', () => {
    const { losses } = performanceParts([report(results(1.2, 0.5))]);
    expect(losses).toContain('- hifigan 64, 2 threads: tfjs takes 0.50 of our time');
    expect(losses).toMatch(/- than the better of oneDNN on \(N, C, L\) and LIBXSMM: .*\d\.\d\dx/);
  });

  test('leave out PyTorch where it stumbles', () => {
    const { summary } = performanceParts([report(results(1.2, 40)), report(results(1.2, 2))]);
    expect(summary).toContain('| ... without the layers above 30x | - | - | 2.00x | 2.00x |');
  });

  test.each(['README.md', 'README.zh-CN.md'])(
    '%s has a place for the table and for the sentence below the picture',
    (name) => {
      const filled = fill(document(name), readmeParts(reports), name);
      expect(filled).toContain("| conv1d, `algorithm: 'fast'` | 0.15x | 0.15x | - |");
      expect(filled).toContain('One thread of the A <fast> one with AVX-512');
      expect(filled).toContain('Another: conv1d 0.0.9, commit def5678 (older code), 1999-01-01.');
    },
  );

  test('say the same in Chinese', () => {
    const { speed, caption } = readmeParts(reports, CHINESE);
    expect(speed).toContain('|  | A <fast> one，单线程 | A <fast> one，2 线程 | Another，单线程 |');
    expect(speed).toContain('Another：conv1d 0.0.9，提交 def5678（较旧的代码），1999-01-01。');
    expect(caption).toContain('A <fast> one 单线程，AVX-512');
  });

  test('name the layer on which another library comes nearest', () => {
    const near = changed(results(1.2, 2), 'peers', (each, layer, rank) =>
      layer === 7 && rank === 1 && !('why' in each) ? outcome(each.tight.minMs! / 1.9) : each,
    );
    expect(readmeParts([report(near)]).speed).toContain(
      '| closest call | 1.05x ort-h1, hifigan 64 | 2.00x ort, seed |',
    );
  });
});

describe('a machine', () => {
  test.each([
    ['AuthenticAMD', 25, 17, 'Zen 4'],
    ['AuthenticAMD', 25, 1, 'Zen 3'],
    ['AuthenticAMD', 26, 2, 'Zen 5'],
    ['GenuineIntel', 6, 143, 'Sapphire Rapids'],
    ['GenuineIntel', 6, 106, 'Ice Lake'],
    ['GenuineIntel', 6, 9999, null],
    ['AuthenticAMD', 6, 143, null],
  ])('%s, family %i, model %i is %s', (vendor, family, model, name) => {
    const text = `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: ${model}\nmodel name\t: x\n`;
    expect(microarchitectureOf(text)).toBe(name);
  });

  test('without /proc/cpuinfo has its name alone', () => {
    expect(microarchitectureOf('')).toBeNull();
    expect(machineName('Apple M2', '')).toBe('Apple M2');
  });

  test.each([
    ['AMD EPYC', 'AMD EPYC (Zen 4)', 'amd-epyc-zen4'],
    ['AMD EPYC 9354 32-Core Processor', 'AMD EPYC 9354 (Zen 4)', 'amd-epyc-9354-zen4'],
  ])('%s is called %s, and its file %s', (cpu, name, file) => {
    const cpuinfo = 'vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 17\n';
    expect(machineName(cpu, cpuinfo)).toBe(name);
    expect(machineFile(name)).toBe(file);
  });

  test.each([
    ['Intel(R) Xeon(R) Processor', 'Intel Xeon', 'intel-xeon'],
    ['Intel(R) Xeon(R) Platinum 8488C CPU @ 2.40GHz', 'Intel Xeon Platinum 8488C', 'intel-xeon-platinum-8488c'],
  ])('%s is called %s, and its file %s', (cpu, name, file) => {
    expect(machineName(cpu, '')).toBe(name);
    expect(machineFile(name)).toBe(file);
  });
});

describe('the code', () => {
  const files = [
    { name: 'lib/index.ts', content: 'a' },
    { name: 'native/core/plan.cc', content: 'b' },
  ];

  test('is the same whatever order its files are listed in, and whatever tests and documents say', () => {
    const more = [
      { name: 'native/README.md', content: 'new' },
      { name: 'native/test/plan_test.cc', content: 'new' },
    ];
    expect(digestOf([...files].reverse())).toBe(digestOf(files));
    expect(digestOf([...files, ...more])).toBe(digestOf(files));
  });

  test.each([
    ['a line', [files[0]!, { name: 'native/core/plan.cc', content: 'c' }]],
    ['a name', [files[0]!, { name: 'native/core/plans.cc', content: 'b' }]],
    ['a file less', files.slice(1)],
  ])('is other code with %s', (_, other) => {
    expect(digestOf(other)).not.toBe(digestOf(files));
  });

  test('reports of the present code come first, then the newest, and others are marked', () => {
    const of = (name: string, date: string, digest?: string): Results => {
      const all = older();
      const code = { version: '1', commit: 'c', ...(digest === undefined ? {} : { digest }) };
      return { ...all, date, code, machine: { ...all.machine, name } };
    };
    const all = [of('a', '2026-01-01'), of('b', '2026-03-01', 'then'), of('c', '2026-02-01', 'now')];
    const arranged = arrange(all, 'now');
    expect(arranged.map(({ results: { machine } }) => machine.name)).toEqual(['c', 'b', 'a']);
    expect(arranged.map(codeText)).toEqual(['conv1d 1, commit c', ...Array(2).fill('conv1d 1, commit c (older code)')]);
  });
});
