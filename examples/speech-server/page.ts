import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';

/** The files of the page, by their paths. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['page/index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page/page.css', 'text/css; charset=utf-8'],
  '/icon.svg': ['page/icon.svg', 'image/svg+xml'],
  '/page.js': ['page/page.js', 'text/javascript; charset=utf-8'],
  '/link.js': ['page/link.js', 'text/javascript; charset=utf-8'],
  '/picture.js': ['page/picture.js', 'text/javascript; charset=utf-8'],
  '/sources.js': ['page/sources.js', 'text/javascript; charset=utf-8'],
  '/microphone.js': ['page/microphone.js', 'text/javascript; charset=utf-8'],
  '/resample.js': ['page/resample.js', 'text/javascript; charset=utf-8'],
  '/speech.wav': ['../speech.wav', 'audio/wav'],
};

/** Of every answer: a page runs what this server sends, and nothing else; nobody guesses at types, or frames it. */
export const SAFETY = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

/** Answers a request for the page from memory; false when it has no such file. */
export type ServePage = (path: string, response: ServerResponse) => boolean;

export function loadPage(): ServePage {
  const files = new Map(
    Object.entries(FILES).map(([path, [file, type]]) => [
      path,
      { type, bytes: readFileSync(new URL(file, import.meta.url)) },
    ]),
  );
  return (path, response) => {
    const file = files.get(path);
    if (file === undefined) return false;
    response.writeHead(200, { ...SAFETY, 'content-type': file.type, 'content-length': file.bytes.length });
    response.end(file.bytes);
    return true;
  };
}
