import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The examples import the package by its name, as its users do; here that is the source.
  resolve: { alias: { conv1d: fileURLToPath(new URL('lib/index.ts', import.meta.url)) } },
  test: {
    include: ['test/*.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});
