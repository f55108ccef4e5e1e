import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

// What takes minutes or a browser, for CI and for people who ask: `npm run test:slow`.
export default defineConfig({ ...config, test: { ...config.test, include: ['test/slow/*.test.ts'] } });
