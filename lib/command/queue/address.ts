import { rangeError } from '../../check/errors.ts';

/** Where a queue is. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  /** The number of the database, which keeps one project's queue apart from another's. */
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** Whether the connection is encrypted: `rediss://`. */
  readonly tls: boolean;
  /** The address for messages: without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;
const EXPECTED = 'expected redis://[user:password@]host[:port][/db], or rediss:// for TLS';

/**
 * Reads the address of a Redis or Valkey server.
 *
 * @throws RangeError ERR_CONV1D_VALUE  for anything that is not such an address; the message repeats no password
 * @example
 * parseAddress('redis://10.0.0.5/2');   // { host: '10.0.0.5', port: 6379, db: 2, tls: false, shown: 'redis://10.0.0.5:6379/2' }
 */
export function parseAddress(text: string): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?(\d{0,4})$/.exec(url?.pathname ?? '-')?.[1];
  if (
    url === undefined ||
    (url.protocol !== 'redis:' && url.protocol !== 'rediss:') ||
    url.hostname === '' ||
    database === undefined ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw rangeError('ERR_CONV1D_VALUE', EXPECTED);
  }
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const db = Number(database);
  return {
    // An IPv6 address stands in brackets in a URL and nowhere else.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    db,
    ...(url.username === '' ? {} : { username: decode(url.username) }),
    ...(url.password === '' ? {} : { password: decode(url.password) }),
    tls: url.protocol === 'rediss:',
    shown: `${url.protocol}//${url.hostname}:${port}${db === 0 ? '' : `/${db}`}`,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw rangeError('ERR_CONV1D_VALUE', `${EXPECTED}; a % in a user or password is written %25`);
  }
}
