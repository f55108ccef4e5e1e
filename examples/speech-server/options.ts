import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const HELP = `usage: npx tsx examples/speech-server.ts [options]

  --port PORT         where to listen, 0 for any free port (PORT in the environment, or 8081)
  --host HOST         the address of this machine to listen at; 0.0.0.0 and :: are all of them (127.0.0.1)
  --connections N     how many there may be at a time (256)
  --weights FILE      of the voice detector, as safetensors (examples/voice/voiceDetector.safetensors)
  --help              this text`;

export interface Options {
  readonly port: number;
  readonly host: string;
  readonly connections: number;
  readonly weights: string;
}

const WEIGHTS = fileURLToPath(new URL('../voice/voiceDetector.safetensors', import.meta.url));
/** Each may keep about 0.3 MB, and takes a share of one core. */
const MOST_CONNECTIONS = 10_000;

/** @throws Error  when an option is unknown, or its value is none */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: 'string', default: environment.PORT || '8081' },
      host: { type: 'string', default: '127.0.0.1' },
      connections: { type: 'string', default: '256' },
      weights: { type: 'string', default: WEIGHTS },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    port: wholeNumber(values.port, 'the port', 0, 65_535),
    host: values.host,
    connections: wholeNumber(values.connections, 'the number of connections', 1, MOST_CONNECTIONS),
    weights: values.weights,
  };
}

function wholeNumber(text: string, what: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${what} must be from ${least} to ${most}, not '${text}'`);
}
