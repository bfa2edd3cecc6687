import { defineConfig } from 'vitest/config'

/**
 * `npm run chaos`: real processes of the built app, killed on purpose, and long stories on the test's clock. Apart from
 * `npm test`, for it takes minutes.
 */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/chaos/**/*.chaos.ts'],
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: ['reflect-metadata'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
})
