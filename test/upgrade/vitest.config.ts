import { defineConfig } from 'vitest/config'

/** `npm run upgrade-check`: the release before and this one on one database. Apart from `npm test`, for it builds the former. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/upgrade/**/*.upgrade.ts'],
    setupFiles: ['reflect-metadata'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 1,
  },
})
