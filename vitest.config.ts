import { defineConfig } from 'vitest/config'

const long = process.env['BULKHEAD_TEST_LONG'] === '1'

export default defineConfig({
  test: {
    include: ['{server,keyring,tlog,sdk,cli,console,bench}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', ...(long ? [] : ['server/test/long/**'])],
    globalSetup: ['server/test/support/cluster.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // A wait for what must come; how soon is measured elsewhere.
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 120_000,
  },
})
