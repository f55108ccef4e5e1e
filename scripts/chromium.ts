import { execFileSync } from 'node:child_process';

/** Debian: apt-get install chromium; CHROMIUM names another. */
export const CHROMIUM = process.env.CHROMIUM ?? 'chromium';

export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--hide-scrollbars',
];

/** Runs a headless Chromium with a profile of its own in `profile`, and gives what it prints. */
export function chromium(profile: string, flags: readonly string[]): string {
  return execFileSync(CHROMIUM, [...FLAGS, `--user-data-dir=${profile}`, ...flags], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
}
