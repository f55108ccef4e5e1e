import { explain } from '../explain.ts';
import { parseAddress, type QueueAddress } from '../queue/address.ts';
import { connect, type QueueConnection } from '../queue/connection.ts';
import { EXIT, type Terminal } from './terminal.ts';

/** The queue of a `--queue` flag; undefined, with a sentence, when the flag or the server is of no use. */
export async function openQueue(url: string, terminal: Terminal): Promise<QueueConnection | undefined> {
  let address: QueueAddress;
  try {
    address = parseAddress(url);
  } catch (error) {
    // Not by commander, which would repeat the URL and its password.
    terminal.fail(`--queue: ${explain(error)}`, EXIT.usage);
    return undefined;
  }
  const password = address.password ?? process.env.CONV1D_QUEUE_PASSWORD;
  try {
    return await connect(password === undefined ? address : { ...address, password }, {
      lost: (sentence) => terminal.warn(sentence),
      back: (sentence) => terminal.warn(sentence),
    });
  } catch (error) {
    terminal.fail(explain(error));
    return undefined;
  }
}
