import { checkBinary } from './checkBinary.ts';
import { binaryOf, chosenTargets } from './targets.ts';

// `npm run check:binaries [-- TARGET...]`: what `npm run prebuild` left on this machine.
for (const target of chosenTargets(process.argv.slice(2))) {
  checkBinary(target);
  console.log(`${binaryOf(target)} passes its checks`);
}
