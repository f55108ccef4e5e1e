import { describe, expect, test } from 'vitest';
import { BINARIES, examine, type Release } from '../scripts/release.ts';

const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n### Added\n\n- A thing.\n';

function release(changes: Partial<Release> = {}): Release {
  return {
    manifest: '{ "version": "1.2.3", "repository": { "type": "git", "url": "git+https://example.org/conv1d.git" } }',
    lock: '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }',
    changelog: CHANGELOG,
    status: '',
    tags: ['v1.2.3', 'nightly', ''],
    documents: { 'README.md': 'Read [this](docs/this.md#part) and [that](https://example.org/that).\n' },
    measured: [
      { machine: 'this one', isCurrent: true },
      { machine: 'that one', isCurrent: false },
    ],
    exists: () => true,
    ...changes,
  };
}

function problems(changes: Partial<Release>): readonly string[] {
  return examine(release(changes)).flatMap((finding) => finding.problems);
}

const WRONG: readonly { what: string; changes: Partial<Release>; problem: string }[] = [
  {
    what: 'another version in the lock file',
    changes: { lock: '{ "version": "1.2.2", "packages": { "": { "version": "1.2.3" } } }' },
    problem: 'package-lock.json says 1.2.2',
  },
  {
    what: 'a lock file without a root package',
    changes: { lock: '{ "version": "1.2.3" }' },
    problem: 'package-lock.json, packages[""] says undefined',
  },
  { what: 'a tag of another version', changes: { tags: ['v1.2.4'] }, problem: 'the tag of this commit says 1.2.4' },
  {
    what: 'a changelog without the section',
    changes: { changelog: '## [1.2.2] - 2026-01-01\n- A thing.\n' },
    problem: "there is no '## [1.2.3] - YYYY-MM-DD'",
  },
  {
    what: 'a section without a date',
    changes: { changelog: '## [1.2.3]\n- A thing.\n' },
    problem: "'## [1.2.3]' has no date",
  },
  { what: 'an empty section', changes: { changelog: '## [1.2.3] - 2026-01-31\n' }, problem: 'the section is empty' },
  {
    what: 'entries under Unreleased',
    changes: { changelog: CHANGELOG.replace('[Unreleased]\n', '[Unreleased]\n\n- More.\n') },
    problem: 'entries are left under Unreleased',
  },
  {
    what: 'a manifest without a repository',
    changes: { manifest: '{ "version": "1.2.3" }' },
    problem: 'there is no "repository"',
  },
  {
    what: 'a document that says the package is not published',
    changes: { documents: { 'README.md': '# conv1d\n\nIt is not on the npm registry yet.\n' } },
    problem: 'README.md:3: It is not on the npm registry yet.',
  },
  {
    what: 'the same, across a line end',
    changes: { documents: { 'README.md': 'In your project, once it is\npublished: `npm i conv1d`.\n' } },
    problem: 'README.md:1: In your project, once it is',
  },
  {
    what: 'the same in Chinese',
    changes: { documents: { 'README.zh-CN.md': '本包尚未发布到 npm。' } },
    problem: 'README.zh-CN.md:1: 本包尚未发布到 npm。',
  },
  {
    what: 'a performance report of older code',
    changes: {
      measured: [
        { machine: 'this one', isCurrent: false },
        { machine: 'that one', isCurrent: false },
      ],
    },
    problem:
      'bench/report has results of older code only (this one, that one); npm run bench:peers measures this machine',
  },
  {
    what: 'a link to a file that is not there',
    changes: {
      documents: { 'docs/first.md': '[next](next.md), [up](../README.md)' },
      exists: (path) => path !== 'docs/next.md',
    },
    problem: 'docs/first.md links to docs/next.md',
  },
  {
    what: 'a picture that is not there',
    changes: {
      documents: { 'docs/first.md': '<img src="a.svg"> [titled](b.md "a title") `c[0](d)` [anchor](#here)' },
      exists: (path) => path !== 'docs/a.svg',
    },
    problem: 'docs/first.md links to docs/a.svg',
  },
  { what: 'an uncommitted file', changes: { status: ' M lib/index.ts\n' }, problem: ' M lib/index.ts' },
  {
    what: 'a missing binary',
    changes: { exists: (path) => path !== BINARIES[3] },
    problem: `${BINARIES[3]} is missing`,
  },
];

describe('the release checklist', () => {
  test('has nothing to say about a release that is ready', () => {
    expect(problems({})).toEqual([]);
  });

  test.each(WRONG)('refuses $what', ({ changes, problem }) => {
    expect(problems(changes)).toEqual([problem]);
  });
});
