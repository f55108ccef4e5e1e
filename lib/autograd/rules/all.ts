// Every gradient: a file here gives the operations that it names theirs.
import './arithmetic.ts';
import './channels.ts';
import './convolution.ts';
import './losses.ts';
import './norms.ts';
import './picks.ts';
import './sums.ts';
import './weightNorm.ts';
