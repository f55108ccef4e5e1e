import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { ROOT } from './targets.ts';

// The library for those that load CommonJS and nothing else: Jest on Node before 24.9, without --experimental-vm-modules. Node takes the ES
// module for require(), too (the condition `module-sync` of package.json), so that a process has one copy.
//
// The folder lies as deep below the package's as lib/native/, which looks for the binary from there.
const FOLDER = join(ROOT, 'dist', 'cjs');
const INDEX = join(ROOT, 'lib', 'index.ts');

await build({
  entryPoints: [INDEX],
  outfile: join(FOLDER, 'index.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  // Jest, which this is for, refuses import().
  supported: { 'dynamic-import': false },
  packages: 'external',
  // CommonJS has no import.meta.
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
});
writeFileSync(join(FOLDER, 'index.d.cts'), declarations());

/** The names of the ES module, each of its type there: a Tensor is the same type for `import` and `require`. */
function declarations(): string {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([INDEX], options);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(INDEX)!)!;
  const known = new Set(checker.getExportsOfModule(module).map(({ name }) => name));
  const types: string[] = [];
  const values: string[] = [];
  for (const exported of checker.getExportsOfModule(module)) {
    const { name } = exported;
    const resolved = resolve(checker, exported);
    const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) === true;
    if (isTypeOnly || (resolved.flags & ts.SymbolFlags.Value) === 0) {
      types.push(name);
      continue;
    }
    values.push(`export declare const ${name}: typeof conv1d.${name};`);
    if (resolved.flags & ts.SymbolFlags.Class) values.push(`export ${typeAlias(name, resolved, 'conv1d', known)}`);
    if (resolved.flags & ts.SymbolFlags.Module) {
      // A namespace of types beside the constant of its name.
      const inner = checker.getExportsOfModule(resolved).flatMap((each) => {
        const symbol = resolve(checker, each);
        const isType = (symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Type)) !== 0;
        return isType ? [`  ${typeAlias(each.name, symbol, `conv1d.${name}`, known)}`] : [];
      });
      if (inner.length > 0) values.push(`export declare namespace ${name} {\n${inner.join('\n')}\n}`);
    }
  }
  const from = "from '../index.js' with { 'resolution-mode': 'import' };";
  return `${[`import type * as conv1d ${from}`, `export type { ${types.join(', ')} } ${from}`, ...values].join('\n')}\n`;
}

function resolve(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** `type Tensor<D extends conv1d.Dtype = conv1d.FloatDtype> = conv1d.Tensor<D>;` */
function typeAlias(name: string, symbol: ts.Symbol, owner: string, known: ReadonlySet<string>): string {
  const parameters = (symbol.declarations ?? []).flatMap((declaration) =>
    ts.isClassDeclaration(declaration) ||
    ts.isInterfaceDeclaration(declaration) ||
    ts.isTypeAliasDeclaration(declaration)
      ? [declaration.typeParameters ?? []]
      : [],
  )[0];
  if (parameters === undefined || parameters.length === 0) return `type ${name} = ${owner}.${name};`;
  const given = parameters.map((parameter) =>
    parameter
      .getText()
      .replace(/^(?:in |out )+/, '')
      .replaceAll(/\b[A-Z]\w+\b/g, (word) => (known.has(word) ? `conv1d.${word}` : word)),
  );
  const names = parameters.map((parameter) => parameter.name.text);
  return `type ${name}<${given.join(', ')}> = ${owner}.${name}<${names.join(', ')}>;`;
}
