import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { repositoryFile } from '../cli.ts';
import type { Reply, Request } from './opener.ts';

// Whether the main thread has a TypeScript loader or not.
const PROGRAM = `
  import(${JSON.stringify(pathToFileURL(repositoryFile('node_modules/tsx/dist/esm/api/index.mjs')).href)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(new URL('opener.ts', import.meta.url).href)});
  });`;

/** A worker of opener.ts; it answers one request at a time. */
export class Opener {
  readonly #worker = new Worker(PROGRAM, { eval: true, execArgv: [] });
  /** Rejects when the worker fails. */
  readonly #failed = once(this.#worker, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));

  constructor() {
    this.#failed.catch(() => {});
  }

  async ask(request: Request): Promise<Reply> {
    this.#worker.postMessage(request);
    const [reply] = (await Promise.race([once(this.#worker, 'message'), this.#failed])) as [Reply];
    return reply;
  }

  /** Resolves with its exit code. */
  terminate(): Promise<number> {
    return this.#worker.terminate();
  }
}
