import { extname } from 'node:path';

/** The command that writes a recording beside itself at another sample rate. ffmpeg reads what sox does not: BW64, 12 and 20 bits, no length. */
export function resampleCommand(path: string, rate: number): string {
  return `ffmpeg -i ${argument(path)} -ar ${rate} -c:a pcm_f32le ${argument(beside(path, rate))}`;
}

/** The command that writes the first channel of a recording beside it. */
export function firstChannelCommand(path: string): string {
  return `ffmpeg -i ${argument(path)} -af "pan=mono|c0=c0" -c:a pcm_f32le ${argument(beside(path, 'first'))}`;
}

/** `a/x.wav` as `a/x-first.wav`. */
function beside(path: string, what: string | number): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}-${what}${extension}`;
}

/** A path as a shell takes it, and a program that takes what begins with - for an option. */
function argument(path: string): string {
  const safe = path.startsWith('-') ? `./${path}` : path;
  if (/^[\w./\\:@%+=,~-]+$/.test(safe)) return safe;
  return process.platform === 'win32' ? `"${safe}"` : `'${safe.replaceAll("'", "'\\''")}'`;
}
