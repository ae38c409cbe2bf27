import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{server,keyring,sdk,cli,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'server/test/long/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
})
