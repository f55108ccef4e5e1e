// Every gradient: a file here gives the operations that it names theirs.
import './arithmetic.ts';
import './convolution.ts';
import './picks.ts';
import './sums.ts';
