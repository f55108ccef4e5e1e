import { curveOf } from './curve.ts';
import { TASKS } from './tasks.ts';

// Prints the float32 curves from the seeds that it is given, for whoever compares implementations.
const seeds = process.argv.slice(2).map(Number);
console.log(JSON.stringify(TASKS.map((task, i) => curveOf(task, seeds[i]!, 'float32'))));
