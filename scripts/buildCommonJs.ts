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
  const types: string[] = [];
  const values: string[] = [];
  for (const exported of checker.getExportsOfModule(module)) {
    const { name } = exported;
    const { flags } = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) === true;
    if (isTypeOnly || (flags & ts.SymbolFlags.Value) === 0) {
      types.push(name);
      continue;
    }
    values.push(`export declare const ${name}: typeof conv1d.${name};`);
    if (flags & ts.SymbolFlags.Class) values.push(`export type ${name} = conv1d.${name};`);
  }
  const from = "from '../index.js' with { 'resolution-mode': 'import' };";
  return `${[`import type * as conv1d ${from}`, `export type { ${types.join(', ')} } ${from}`, ...values].join('\n')}\n`;
}
