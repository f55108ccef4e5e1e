// The connection to the server: one is kept ready, so that a signal can begin at once.

/** Milliseconds before the second attempt, doubled from one to the next. */
const FIRST_WAIT = 1000;
const LAST_WAIT = 16_000;
/** The server has closed a connection on which nothing came: the place is for others until it is needed. */
const IDLE = 1008;

const SENTENCES = {
  1001: 'The server has ended.',
  1006: 'The connection to the server is lost.',
  1008: 'The server has waited too long for samples.',
  1013: 'The server is full; try again later.',
};

/** Why a connection was closed, in a sentence. */
export function sentenceOf({ code, reason }) {
  return SENTENCES[code] ?? `The server has closed the connection: ${reason || code}.`;
}

/** What a promise gives, unless `signal` ends the wait for it. */
export function unlessAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}

export class Link {
  #show;
  #opened;
  #hurry = () => {};

  /** `show` is told how it stands: a state, and words for it. */
  constructor(show) {
    this.#show = show;
    document.addEventListener('visibilitychange', () => this.#hurry());
    this.#prepare();
  }

  /** An open WebSocket, and what the server has said of itself; waits until there are both. */
  next(signal) {
    if (this.#opened === undefined) this.#prepare();
    this.#hurry();
    return unlessAborted(this.#opened, signal);
  }

  #prepare() {
    this.#opened = this.#connect();
    this.#opened.then(({ socket }) => {
      socket.addEventListener('close', ({ code }) => {
        if (code === IDLE) this.#rest();
        else this.#prepare();
      });
    });
  }

  #rest() {
    this.#opened = undefined;
    this.#show('ready', 'ready');
  }

  async #connect() {
    this.#show('connecting', 'connecting');
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LAST_WAIT)) {
      try {
        const opened = await open();
        this.#show('ready', 'connected');
        return opened;
      } catch (problem) {
        this.#show('offline', problem.message);
      }
      // Not all pages at once when a server comes back.
      await this.#pause(wait * (0.5 + Math.random() / 2));
    }
  }

  /** Ends early when somebody asks for a connection, or looks at the page again. */
  #pause(milliseconds) {
    return new Promise((resolve) => {
      this.#hurry = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}

function open() {
  const socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}/stream`);
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    socket.onclose = ({ code }) => reject(new Error(code === 1013 ? 'server is full' : 'server is away'));
    socket.onmessage = ({ data }) => resolve({ socket, about: JSON.parse(data) });
  });
}
