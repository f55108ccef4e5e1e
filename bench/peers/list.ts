import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Algorithm } from '../results.ts';

/** One implementation to measure, and how to start its process. */
export interface Peer {
  readonly id: string;
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function nodePeer(id: string, name: string, script: string, ...args: readonly string[]): Peer {
  return { id, name, command: process.execPath, args: ['--import', 'tsx', file(script), ...args] };
}

/** Our own engine, with one of its algorithms. */
export function ownPeer(algorithm: Algorithm): Peer {
  return nodePeer('ours', 'conv1d', 'ours.ts', algorithm);
}

export const PEERS: readonly Peer[] = [
  nodePeer('ort', 'onnxruntime', 'onnxruntime.ts', 'ncl'),
  nodePeer('ort-h1', 'onnxruntime, H=1', 'onnxruntime.ts', 'h1'),
  { id: 'torch', name: 'PyTorch', command: '/usr/bin/python3', args: [file('pytorch.py')] },
  nodePeer('tfjs', 'tfjs wasm', 'tfjs.ts'),
];

/** Installs the peers that come from npm, unless they are there. It only prints a failure: a missing peer says so itself. */
export function installPeers(tell: (line: string) => void): void {
  const folder = file('.');
  if (existsSync(`${folder}/node_modules`)) return;
  tell('installing the peers in bench/peers (350 MB) ...');
  const { status, stderr } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    // Otherwise its install script downloads GPU libraries.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (status !== 0) tell(`npm ci in bench/peers failed: ${stderr?.trim().split('\n').at(-1) ?? 'npm does not start'}`);
}
