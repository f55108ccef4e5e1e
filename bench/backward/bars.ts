import { type Bar, least } from '../barChecks.ts';
import { type Figure, meanOf, times } from '../figures.ts';
import { isaName, threadsText } from '../results.ts';
import { peakFractions, pytorchRatios } from './figures.ts';
import { type BackwardResults, type BackwardRun, isWide, KERNEL_NAMES, KERNELS } from './results.ts';

/** How many times as long as ours PyTorch takes, geometric mean over the layers. */
const LAYER_MEAN = 2;
/** The same of a training step, network by network. */
const STEP = 1.5;
/** What the kernels of wide layers reach of the FMA peak. */
export const KERNEL_PEAK = 0.8;

/** Every bar that the results can tell about. Medians count. */
export function backwardBars(results: BackwardResults): Bar[] {
  return results.runs.flatMap((run) => [
    ...layerBars(results, run),
    ...kernelBars(results, run),
    ...stepBars(results, run),
  ]);
}

function groupOf(what: string, { isa, threads }: BackwardRun): string {
  return `${what}, ${isaName(isa)}, ${threadsText(threads)}`;
}

/** The names that figures lack: what has no time is not passed over. */
function missing(all: readonly { readonly name: string }[], figures: readonly Figure[]): string[] {
  return all
    .filter(({ name }) => !figures.some((figure) => figure.name === name))
    .map(({ name }) => `${name} is not compared`);
}

function layerBars(results: BackwardResults, run: BackwardRun): Bar[] {
  const medians = pytorchRatios(results, run, 'layers');
  if (results.pytorch === null || results.layers.length === 0) return [];
  const group = groupOf('forward and backward against PyTorch', run);
  const lost = medians.filter(({ value }) => value < 1).map(({ name, value }) => `${name} ${value.toFixed(3)}x`);
  const absent = missing(results.layers, medians);
  const bars: Bar[] = [
    {
      group,
      text: 'no layer slower',
      figure: [...lost, ...absent].join(', ') || 'none is',
      ok: lost.length === 0 && absent.length === 0,
    },
  ];
  // Layers of which some are missing make no mean.
  if (medians.length < 2 || absent.length > 0) return bars;
  const mean = meanOf(medians);
  const shortest = meanOf(pytorchRatios(results, run, 'layers', 'shortest'));
  const figure = `${times(mean, LAYER_MEAN)}; of shortest calls ${shortest.toFixed(2)}x`;
  return [...bars, { group, text: `geometric mean at least ${LAYER_MEAN}x`, figure, ok: mean >= LAYER_MEAN }];
}

function kernelBars(results: BackwardResults, run: BackwardRun): Bar[] {
  const wide = results.layers.filter(isWide).map(({ name }) => name);
  return KERNELS.flatMap((kernel) => {
    const figures = peakFractions(results, run, kernel).filter(({ name }) => wide.includes(name));
    const group = groupOf('kernels over the FMA peak', run);
    const text = `${KERNEL_NAMES[kernel]}: at least ${KERNEL_PEAK} on dense layers with 64 channels or more`;
    return figures.length === 0 ? [] : [least(group, text, figures, KERNEL_PEAK)];
  });
}

function stepBars(results: BackwardResults, run: BackwardRun): Bar[] {
  if (results.pytorch === null || results.networks.length === 0) return [];
  const figures = pytorchRatios(results, run, 'networks');
  const group = groupOf('a step of training against PyTorch', run);
  const text = `every network at least ${STEP}x`;
  const absent = missing(results.networks, figures);
  if (figures.length === 0) return [{ group, text, figure: absent.join(', '), ok: false }];
  const bar = least(group, text, figures, STEP);
  return [{ ...bar, figure: [bar.figure, ...absent].join(', '), ok: bar.ok && absent.length === 0 }];
}
