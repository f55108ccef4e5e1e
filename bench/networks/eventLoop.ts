import { rand, setNumThreads } from 'conv1d';
import { latenessDuring } from '../service/lateness.ts';
import { NETWORKS } from './cases.ts';
import { compiled } from './compiled.ts';
import type { NetworkLateness } from './results.ts';

// `eventLoop.ts THREADS`: HiFi-GAN v1 in the background, one call after the other, and how late a timer of 1 ms fires meanwhile.

const SECONDS = 6;
const threads = Number(process.argv[2] ?? 1);
setNumThreads(threads);
const { make, shapes } = NETWORKS.find(({ id }) => id === 'hifigan')!;
const x = rand(...shapes[0]!);
const network = compiled((await make()).eval(), [x], 'direct');
const lateness: NetworkLateness = { threads, ...(await latenessDuring(() => network.forwardAsync(x), SECONDS)) };
console.log(JSON.stringify(lateness));
