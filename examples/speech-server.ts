// Is somebody speaking? Audio comes in over WebSockets, the probability of a voice goes out for every 32 ms, and a page shows both as they come.
//
//     npx tsx examples/speech-server.ts        then open http://127.0.0.1:8081; --help lists the options
//
// This file starts and ends it. The others, in the order in which to read them:
//
//   speech-server/detection.ts    the network, compiled; a stream for each signal; one batch for all chunks that have come. All of conv1d is there
//   speech-server/connection.ts   a client: what it may send, how fast, and why it is closed
//   speech-server/server.ts       HTTP, who becomes a WebSocket, the end
//
// GET /         the page: plays examples/speech.wav to the server, or listens to the microphone
// GET /health   { "connections": open ones, "mostConnections": ... }; 503 once the server is about to end
// GET /stream   the WebSocket; /stream?format=f32 for floats from -1 to 1 in place of 16-bit numbers (s16). One signal for each connection:
//
//   server -> client   the text { "sampleRate": 16000, "chunk": 512, "mostBytes": 65536 }: it may begin
//   client -> server   binary frames: mono PCM of that rate, little endian, no header, of any length up to `mostBytes`
//   server -> client   for every 512 samples a binary frame of 8 bytes: the number of the chunk (uint32, from 0) and its probability (float32)
//   client -> server   the text 'end': what is left is answered, with zeros behind it, and the connection is closed with 1000
//
// What else closes it, mostly with a sentence: 1001 the server ends, 1002 no WebSocket's frames, 1003 another text, a file in place of samples or
// samples behind the end, 1007 half a sample or one that is no number, 1008 no samples for a minute, 1009 a frame above `mostBytes`, 1011 an error of
// the server, 1013 too many connections. A page of another origin gets 403, another path 404, another format or rate 400, all with a sentence.
//
// Back-pressure: a client that sends faster than the network answers, or does not read its answers, is not read from until that is
// over; nothing is dropped. One that gives no sign of life for 30 seconds is cut off; whoever hangs up frees their place.
//
// SIGTERM and SIGINT: takes no more connections and samples, answers the chunks that are there, closes all with 1001, and ends with exit code 0
// after 5 seconds at most. A second signal ends it at once.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { loadDetector, openDetection } from './speech-server/detection.ts';
import { HELP, readOptions } from './speech-server/options.ts';
import { makeSpeechServer } from './speech-server/server.ts';

/** What drains is cut off after this many milliseconds. */
const MOST_DRAIN = 5000;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    console.log(HELP);
    return;
  }
  const detector = await loadDetector(options.weights);
  const server = makeSpeechServer(openDetection(detector, options.connections));
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const told = Promise.race(['SIGTERM', 'SIGINT'].map((name) => once(process, name).then(() => name)));
  console.log(`listening on ${urlOf(server.address() as AddressInfo)}`);

  const signal = await told;
  process.once('SIGTERM', () => process.exit(143)).once('SIGINT', () => process.exit(130));
  console.log(`${signal}: answering what has come`);
  await server.drain(MOST_DRAIN);
  process.exit(0);
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/** One line for whoever starts it. */
function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `speech-server: ${message.split('\n')[0]}${code === 'EADDRINUSE' ? '; give another one: --port PORT' : ''}`;
}

await main().catch((error: unknown) => {
  console.error(explain(error));
  process.exitCode = 1;
});
