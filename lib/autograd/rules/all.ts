// Every gradient: a file here gives the operations that it names theirs.
import './activations.ts';
import './arithmetic.ts';
import './choices.ts';
import './extremes.ts';
import './gates.ts';
import './indexing.ts';
import './layouts.ts';
import './order.ts';
import './padding.ts';
import './picks.ts';
import './powers.ts';
import './products.ts';
import './softmax.ts';
import './statistics.ts';
import './sums.ts';
import './unary.ts';
import './windows.ts';
