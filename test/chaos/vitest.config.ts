import { defineConfig } from 'vitest/config'

/** `npm run chaos`: real processes of the built app, killed on purpose. Apart from `npm test`, for it takes minutes. */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.chaos.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
})
