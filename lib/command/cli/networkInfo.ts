import { Network } from '../../network/network.ts';
import { type Port, portsOf } from '../../network/report/ports.ts';
import { formatTable } from '../../network/report/table.ts';
import { explainAbout } from '../explain.ts';
import { loadNetworkFile, type NetworkFile } from '../networkFile.ts';
import { printable, type Terminal } from './terminal.ts';

/** Prints what the network of a file takes, gives and computes. */
export async function printNetwork(path: string, terminal: Terminal): Promise<void> {
  try {
    for (const line of describeNetwork(await loadNetworkFile(path))) terminal.print(line);
  } catch (error) {
    terminal.fail(explainAbout(path, error));
  }
}

function describeNetwork({ network, metadata }: NetworkFile): string[] {
  const { traits, built } = Network.partsOf(network, 'conv1d info');
  const { inputs, outputs } = portsOf(traits, built);
  const rows = [...inputs.map((port) => portRow('input', port)), ...outputs.map((port) => portRow('output', port))];
  const example = inputs.map(({ shape }) => `[${shape.join(', ')}]`).join(', ');
  return [
    ...formatTable(['', 'name', 'shape', 'dtype'], rows, 4).split('\n'),
    ...lengthRows(built),
    ...Object.entries(metadata).map(([key, value]) => printable(`${key}: ${value}`)),
    '',
    `for ${example}:`,
    ...String(network.summary()).split('\n').map(printableLine),
  ];
}

function portRow(kind: string, { name, sizes, dtype }: Port): string[] {
  return [kind, printable(name), `(${sizes.join(', ')})`, dtype];
}

/** Which lengths it takes, where not all. */
function lengthRows({
  lengthRange: { least, most, step, one },
}: ReturnType<typeof Network.partsOf>['built']): string[] {
  if (least === 0 && most === Number.POSITIVE_INFINITY && step === 1) return [];
  const end = Number.isFinite(most) ? ` to ${most}` : ' on';
  const steps = step === 1 ? '' : `, in steps of ${step} from ${one % step}`;
  return [`L: from ${least}${end}${steps}`];
}

/** A line of a table, in which spaces stand for columns. */
function printableLine(line: string): string {
  return line.replace(/\p{Cc}/gu, '?');
}
