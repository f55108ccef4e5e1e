// Every gradient: a file here gives the operations that it names theirs.
import './arithmetic.ts';
import './picks.ts';
import './recurrent.ts';
import './sums.ts';
