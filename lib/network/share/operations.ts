import * as convolutions from '../../convolution/operation.ts';
import * as activations from '../../nn/ops/activations.ts';
import * as channelwise from '../../nn/ops/channelwise.ts';
import * as embeddings from '../../nn/ops/embedding.ts';
import * as glus from '../../nn/ops/glu.ts';
import * as linears from '../../nn/ops/linear.ts';
import * as losses from '../../nn/ops/losses.ts';
import * as norms from '../../nn/ops/norms.ts';
import * as pooling from '../../nn/ops/pooling.ts';
import * as recurrent from '../../nn/ops/recurrent.ts';
import * as resampling from '../../nn/ops/resample.ts';
import * as spectra from '../../nn/ops/spectra.ts';
import * as upsampling from '../../nn/ops/upsample.ts';
import * as weightNorms from '../../nn/ops/weightNorm.ts';
import * as filesActivations from '../../onnx/operations/activations.ts';
import * as recurrentOfFiles from '../../onnx/operations/generalRecurrent.ts';
import * as divisions from '../../onnx/operations/integerDivision.ts';
import * as makers from '../../onnx/operations/make.ts';
import * as mathFunctions from '../../onnx/operations/mathFunctions.ts';
import * as putting from '../../onnx/operations/putRows.ts';
import * as resizing from '../../onnx/operations/resize.ts';
import * as indices from '../../tensor/ops/at.ts';
import * as cats from '../../tensor/ops/cat.ts';
import * as clones from '../../tensor/ops/clone.ts';
import * as comparisons from '../../tensor/ops/compare.ts';
import * as conversions from '../../tensor/ops/convert.ts';
import * as dots from '../../tensor/ops/dot.ts';
import * as elementwise from '../../tensor/ops/elementwise.ts';
import * as extremes from '../../tensor/ops/extreme.ts';
import * as flips from '../../tensor/ops/flip.ts';
import * as fulls from '../../tensor/ops/full.ts';
import * as gathers from '../../tensor/ops/indexing.ts';
import * as products from '../../tensor/ops/matmul.ts';
import * as pads from '../../tensor/ops/pad.ts';
import * as powers from '../../tensor/ops/pow.ts';
import * as reductions from '../../tensor/ops/reduce.ts';
import * as reshaping from '../../tensor/ops/reshape.ts';
import * as softmaxes from '../../tensor/ops/softmax.ts';
import * as sorting from '../../tensor/ops/sorting.ts';
import * as splits from '../../tensor/ops/split.ts';
import * as unary from '../../tensor/ops/unary.ts';
import * as views from '../../tensor/ops/views.ts';
import * as choices from '../../tensor/ops/where.ts';
import type { AnyOperation } from '../graph.ts';

// The names of operations for other threads: those of their exports, since torch's names are not unique.

/** Every operation that a compiled network may have. */
export const OPERATIONS: ReadonlyMap<string, AnyOperation> = new Map(
  [
    convolutions,
    activations,
    channelwise,
    embeddings,
    glus,
    linears,
    losses,
    norms,
    pooling,
    recurrent,
    resampling,
    spectra,
    upsampling,
    weightNorms,
    indices,
    cats,
    clones,
    comparisons,
    conversions,
    dots,
    elementwise,
    extremes,
    flips,
    fulls,
    gathers,
    products,
    pads,
    powers,
    reductions,
    reshaping,
    softmaxes,
    sorting,
    splits,
    unary,
    views,
    choices,
    filesActivations,
    recurrentOfFiles,
    divisions,
    makers,
    mathFunctions,
    putting,
    resizing,
  ].flatMap((module) =>
    Object.entries(module).filter((entry): entry is [string, AnyOperation] => isOperation(entry[1])),
  ),
);

const NAMES: ReadonlyMap<AnyOperation, string> = new Map([...OPERATIONS].map(([name, operation]) => [operation, name]));

/** The name of an operation; undefined for one that compiled networks do not have. */
export function nameOf(operation: AnyOperation): string | undefined {
  return NAMES.get(operation);
}

/** Whether an export is an operation. */
export function isOperation(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'infer' in value && 'run' in value;
}
