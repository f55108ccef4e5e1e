import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { isValue } from './check.ts';

/** A change of the text between two positions. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Where names may come from that an example does not import: the module, and the names it exports. */
export interface Names {
  readonly module: string;
  readonly names: readonly string[];
}

const CHECKS = fileURLToPath(new URL('check.ts', import.meta.url));

/**
 * An example as a module: imports for the names it leaves open, file names without a folder moved to `folder`, and each comment
 * that gives a value turned into a comparison with it.
 *
 *     conv.forward(x).shape;        // [4, 3, 2]             a value: the expression, or what is printed or declared
 *     const y = conv.forward(x);    // y.shape is [4, 3, 2]  a value with its name
 *     conv.forward(rand(4, 3, 6));  // ERR_CONV1D_SHAPE      the statement throws, with this code
 */
export function moduleOf(code: string, sources: readonly Names[], folder: string): string {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const edits: Edit[] = [];
  const used = new Set<string>();
  const declared = new Set<string>();

  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) (isDeclaration(node) ? declared : isProperty(node) ? new Set() : used).add(node.text);
    if (ts.isStringLiteral(node) && /^[\w-]+\.(safetensors|wav|npy|onnx)$/.test(node.text)) {
      edits.push({ from: node.getStart(), to: node.end, text: JSON.stringify(`${folder}/${node.text}`) });
    }
    if (ts.isExpressionStatement(node) || ts.isVariableStatement(node)) {
      const comment = remarkAfter(code, node.end);
      if (comment !== undefined) edits.push(...comparisons(node, comment));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);

  const open = [...used].filter((name) => !declared.has(name));
  const imports = sources.flatMap(({ module, names }, i) => {
    const taken = open.filter(
      (name) => names.includes(name) && !sources.slice(0, i).some((s) => s.names.includes(name)),
    );
    return taken.length === 0 ? [] : [`import { ${taken.join(', ')} } from ${JSON.stringify(module)};\n`];
  });
  const header = `import { check as $check, refuse as $refuse } from ${JSON.stringify(CHECKS)};\n${imports.join('')}`;
  return `${header}${apply(code, edits)}\nexport const $done = [$check, $refuse];\n`;
}

function comparisons(node: ts.ExpressionStatement | ts.VariableStatement, comment: string): Edit[] {
  const [from, to] = [node.getStart(), node.end];
  const after = (text: string): Edit => ({ from: to, to, text: ` ${text}` });
  const quoted = JSON.stringify(comment);

  const code = /^ERR_CONV1D_\w+/.exec(comment)?.[0];
  if (code !== undefined) {
    return [
      { from, to: from, text: 'await $refuse(async () => { ' },
      { from: to, to, text: ` }, ${JSON.stringify(code)});` },
    ];
  }
  const named = /\b([\w.]+) is (\[[^\]]*\])/.exec(comment);
  if (named !== null && isValue(named[2]!)) return [after(`$check(${named[1]}, ${JSON.stringify(named[2])});`)];
  if (!isValue(comment)) return [];
  if (ts.isVariableStatement(node)) {
    const { name } = node.declarationList.declarations[0]!;
    return ts.isIdentifier(name) ? [after(`$check(${name.text}, ${quoted});`)] : [];
  }
  const { expression } = node;
  const printed = ts.isCallExpression(expression) && expression.expression.getText() === 'console.log';
  const value = printed ? expression.arguments[0]! : expression;
  return [
    { from, to: value.getStart(), text: '$check(' },
    { from: value.end, to, text: `, ${quoted});` },
  ];
}

/** The comment on the rest of the line. */
function remarkAfter(code: string, end: number): string | undefined {
  return /^[^\S\n]*\/\/ *([^\n]*)/.exec(code.slice(end))?.[1]?.trim();
}

function isDeclaration({ parent, text }: ts.Identifier): boolean {
  const named = parent as ts.Node & { name?: ts.Node };
  const declares =
    ts.isVariableDeclaration(parent) ||
    ts.isBindingElement(parent) ||
    ts.isParameter(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isImportClause(parent) ||
    ts.isNamespaceImport(parent);
  return declares && named.name !== undefined && named.name.getText() === text;
}

function isProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node)
  );
}

function apply(code: string, edits: readonly Edit[]): string {
  const sorted = [...edits].sort((a, b) => b.from - a.from || b.to - a.to);
  return sorted.reduce((text, { from, to, text: inserted }) => text.slice(0, from) + inserted + text.slice(to), code);
}
