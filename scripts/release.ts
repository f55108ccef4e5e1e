import { dirname, join } from 'node:path/posix';
import { binaryOf, TARGETS } from './targets.ts';

/** The binaries that a release contains, one for each platform. */
export const BINARIES: readonly string[] = TARGETS.map(binaryOf);

/** What the release looks like on disk. */
export interface Release {
  /** package.json, package-lock.json and CHANGELOG.md, as text. */
  readonly manifest: string;
  readonly lock: string;
  readonly changelog: string;
  /** The output of `git status --porcelain`. */
  readonly status: string;
  /** The tags of the current commit. */
  readonly tags: readonly string[];
  /** The documents that the tarball carries, as text, by name. */
  readonly documents: Readonly<Record<string, string>>;
  /** The machines whose results bench/report holds, and whether they are of this code. */
  readonly measured: readonly { readonly machine: string; readonly isCurrent: boolean }[];
  /** Whether a file of the repository exists. */
  readonly exists: (path: string) => boolean;
}

/** One line of the checklist. */
export interface Finding {
  readonly name: string;
  /** What is wrong, a line each; none when it holds. */
  readonly problems: readonly string[];
}

/** Everything that can be said about a release without running anything. */
export function examine(release: Release): Finding[] {
  const { version } = JSON.parse(release.manifest) as { version: string };
  return [
    { name: `versions agree on ${version}`, problems: versionProblems(release, version) },
    { name: `CHANGELOG.md has a section ${version}`, problems: changelogProblems(release.changelog, version) },
    { name: 'package.json names a repository', problems: repositoryProblems(release.manifest) },
    { name: 'the documents speak of a published package', problems: unpublishedProblems(release.documents) },
    { name: 'their links lead somewhere', problems: linkProblems(release) },
    { name: 'the performance report is of this code', problems: measuredProblems(release.measured) },
    { name: 'nothing is uncommitted', problems: release.status.split('\n').filter((line) => line.trim() !== '') },
    {
      name: 'all binaries are there',
      problems: BINARIES.filter((path) => !release.exists(path)).map((path) => `${path} is missing`),
    },
  ];
}

function versionProblems({ lock, tags }: Release, version: string): string[] {
  const locked = JSON.parse(lock) as { version?: string; packages?: Record<string, { version?: string }> };
  const places = [
    ['package-lock.json', locked.version],
    ['package-lock.json, packages[""]', locked.packages?.['']?.version],
    ...tags.filter((tag) => /^v\d/.test(tag)).map((tag) => ['the tag of this commit', tag.slice(1)] as const),
  ] as const;
  const wrong = places.filter(([, found]) => found !== version).map(([place, found]) => `${place} says ${found}`);
  return /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? wrong : [`${version} is no semantic version`, ...wrong];
}

/** npm shows the README with its links and pictures relative to the repository, and cannot without. */
function repositoryProblems(manifest: string): string[] {
  const { repository } = JSON.parse(manifest) as { repository?: string | { url?: string } };
  const url = typeof repository === 'object' ? repository.url : repository;
  return url === undefined || url === '' ? ['there is no "repository"'] : [];
}

const UNPUBLISHED =
  /not\s+(yet\s+)?(on\s+(the\s+)?npm|published)|(once|until)\s+(it|the\s+package)\s+is\s+published|尚未发布/gi;

function unpublishedProblems(documents: Release['documents']): string[] {
  return Object.entries(documents).flatMap(([name, text]) =>
    [...text.matchAll(UNPUBLISHED)].map(({ index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${name}:${line}: ${text.split('\n')[line - 1]}`;
    }),
  );
}

function linkProblems({ documents, exists }: Release): string[] {
  return Object.entries(documents).flatMap(([name, text]) => {
    const prose = text.replaceAll(/```.*?```|`[^`\n]*`/gs, '');
    const paths = [...prose.matchAll(/\]\(([^)#:\s]+)(?:#[^)\s]*)?(?:\s[^)]*)?\)|src="([^":]+)"/g)].map(
      (match) => match[1] ?? match[2]!,
    );
    return paths
      .map((path) => join(dirname(name), path))
      .filter((path) => !exists(path))
      .map((path) => `${name} links to ${path}`);
  });
}

/** Results of older code may stand beside, as history. */
function measuredProblems(measured: Release['measured']): string[] {
  if (measured.some(({ isCurrent }) => isCurrent)) return [];
  const names = measured.map(({ machine }) => machine).join(', ');
  return [`bench/report has results of older code only (${names}); npm run bench:peers measures this machine`];
}

function changelogProblems(changelog: string, version: string): string[] {
  const sections = changelog.split(/^## /m).slice(1);
  const own = sections.find((section) => section.startsWith(`[${version}]`));
  const unreleased = sections.find((section) => section.startsWith('[Unreleased]'));
  const problems: string[] = [];
  if (own === undefined) problems.push(`there is no '## [${version}] - YYYY-MM-DD'`);
  else if (!/^\[[^\]]*\] - \d{4}-\d{2}-\d{2}\n/.test(own)) problems.push(`'## ${own.split('\n')[0]}' has no date`);
  else if (!/^- /m.test(own)) problems.push('the section is empty');
  if (unreleased !== undefined && /^- /m.test(unreleased)) problems.push('entries are left under Unreleased');
  return problems;
}
