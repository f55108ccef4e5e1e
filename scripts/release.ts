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
