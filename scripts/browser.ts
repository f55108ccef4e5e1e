import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { CHROMIUM, FLAGS } from './chromium.ts';

interface Reply {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme?: 'light' | 'dark';
  readonly motion?: 'no-preference' | 'reduce';
}

/** A page in a headless Chromium that goes on while we look at it, driven by the DevTools protocol over a pipe. */
export class BrowserPage {
  readonly #child: ChildProcess;
  readonly #calls = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  #session: string | undefined;
  #last = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    let text = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (part: string) => {
      const messages = (text + part).split('\0');
      text = messages.pop()!;
      for (const message of messages) this.#receive(JSON.parse(message) as Reply);
    });
    child.once('exit', () => {
      for (const { reject } of this.#calls.values()) reject(new Error(`${CHROMIUM} has ended`));
    });
  }

  /** Opens an empty page; `profile` is a folder for what the browser writes. */
  static async open(profile: string, flags: readonly string[] = []): Promise<BrowserPage> {
    const argv = [...FLAGS, `--user-data-dir=${profile}`, '--remote-debugging-pipe', ...flags, 'about:blank'];
    const child = spawn(CHROMIUM, argv, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    const page = new BrowserPage(child);
    const { targetInfos } = (await page.#call('Target.getTargets')) as {
      targetInfos: { type: string; targetId: string }[];
    };
    const { targetId } = targetInfos.find(({ type }) => type === 'page')!;
    const { sessionId } = await page.#call('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId as string;
    return page;
  }

  async look({ width, height, scheme = 'light', motion = 'no-preference' }: View): Promise<void> {
    const isPhone = width < 600;
    const metrics = { width, height, deviceScaleFactor: isPhone ? 2 : 1, mobile: isPhone };
    await this.#call('Emulation.setDeviceMetricsOverride', metrics);
    const features = [
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: motion },
    ];
    await this.#call('Emulation.setEmulatedMedia', { features });
  }

  async goTo(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
    await this.until(`document.readyState === 'complete' && location.href.startsWith(${JSON.stringify(url)})`);
  }

  /** The value of an expression in the page, which may be a promise, as JSON carries it. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = (await this.#call('Runtime.evaluate', options)) as {
      result: { value: T };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    if (exceptionDetails === undefined) return result.value;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string, within = 30_000): Promise<void> {
    const end = performance.now() + within;
    for (;;) {
      // The page may be about to change, so that there is nothing to ask.
      const holds = await this.evaluate<boolean>(`Boolean(${expression})`).catch(() => false);
      if (holds) return;
      if (performance.now() > end) throw new Error(`in ${within} ms it has not come true: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** A PNG of the whole page. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#call('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#call('Browser.close', {}, false).catch(() => {}); // it answers, or ends before that
    await ended;
  }

  #call(method: string, params: object = {}, isOfPage = this.#session !== undefined): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const message = { id, method, params, ...(isOfPage ? { sessionId: this.#session } : {}) };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
  }

  #receive({ id = 0, result, error }: Reply): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result ?? {});
    else call?.reject(new Error(error.message));
  }
}
