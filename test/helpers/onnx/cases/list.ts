import { elements } from './elements.ts';
import { exported } from './exported.ts';
import { layers } from './layers.ts';
import { older } from './older.ts';
import { reductions } from './reductions.ts';
import { shapes } from './shapes.ts';
import { signals } from './signals.ts';

/** Files of operators that this repository writes, from the published specification. */
export const cases = [...reductions, ...elements, ...shapes, ...layers, ...signals, ...older, ...exported];
