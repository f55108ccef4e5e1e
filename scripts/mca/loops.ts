/** A loop of compiled code that contains no other, and in which nothing branches but its end. */
export interface Loop {
  /** The mangled name of the function that it is a part of. */
  readonly name: string;
  /** Where its last instruction branches to: its first. */
  readonly label: string;
  readonly instructions: readonly string[];
}

const FUNCTION = /^(\w+):/;
const LOCAL_LABEL = /^(\.?L\w+):/;
const COMMENT = /\s*(?:;|\/\/|# ).*$/;
const INSTRUCTION = /^\s+([a-z][\w.]*)(?:\s+(.*))?$/;
const BRANCH = /^(?:j\w+|b(?:\.?[a-z]{2})?|cbn?z|tbn?z)$/;
const TARGET = /(?:^|[\s,])(\.?L\w+)$/;

/** The straight inner loops of an assembler file: GCC's or Clang's, ELF or Mach-O, arm64 or x86-64. */
export function innerLoops(assembly: string): Loop[] {
  const loops: Loop[] = [];
  let name = '';
  let body: string[] = [];
  const labels = new Map<string, number>();
  let behindLastBranch = 0;
  for (const line of assembly.split('\n')) {
    const label = LOCAL_LABEL.exec(line)?.[1];
    const begun = FUNCTION.exec(line)?.[1];
    if (label !== undefined) {
      labels.set(label, body.length);
    } else if (begun !== undefined) {
      name = begun;
      body = [];
      labels.clear();
      behindLastBranch = 0;
    } else {
      const [, mnemonic, operands = ''] = INSTRUCTION.exec(line.replace(COMMENT, '')) ?? [];
      if (mnemonic === undefined) continue;
      body.push(`${mnemonic}\t${operands}`);
      if (!BRANCH.test(mnemonic)) continue;
      const target = TARGET.exec(operands)?.[1] ?? '';
      const start = labels.get(target);
      if (start !== undefined && start >= behindLastBranch) {
        loops.push({ name, label: target, instructions: body.slice(start) });
      }
      behindLastBranch = body.length;
    }
  }
  return loops;
}
