import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The files of the page, by their paths. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['page/index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page/page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page/page.js', 'text/javascript; charset=utf-8'],
  '/picture.js': ['page/picture.js', 'text/javascript; charset=utf-8'],
  '/sources.js': ['page/sources.js', 'text/javascript; charset=utf-8'],
  '/microphone.js': ['page/microphone.js', 'text/javascript; charset=utf-8'],
  '/resample.js': ['page/resample.js', 'text/javascript; charset=utf-8'],
  '/speech.wav': ['../speech.wav', 'audio/wav'],
};

/** The page runs what this server sends, and nothing else. */
const HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};

/** Answers requests for the page from memory; false when it has no such file. */
export type ServePage = (request: IncomingMessage, response: ServerResponse) => boolean;

export function loadPage(): ServePage {
  const files = new Map(
    Object.entries(FILES).map(([path, [file, type]]) => [
      path,
      { type, bytes: readFileSync(new URL(file, import.meta.url)) },
    ]),
  );
  return (request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    response.writeHead(200, { ...HEADERS, 'content-type': file.type, 'content-length': file.bytes.length });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
    return true;
  };
}
