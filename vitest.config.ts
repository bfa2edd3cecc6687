import { defineConfig } from 'vitest/config'

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/**/*.spec.ts', 'test/**/*.e2e-spec.ts'],
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: ['reflect-metadata'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // Loading the application anew for each file took a quarter of the time.
    isolate: false,
  },
})
