import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startEmbeddedPostgres } from '../../src/platform/postgres/index.ts'
import { makeDirectory } from '../support/cluster.ts'

it('PostgreSQL killed at its start, before its lock file had a word: the next start takes the file away', async () => {
  const dataDirectory = makeDirectory('start')
  const runtimeDirectory = makeDirectory('run')
  const start = () => startEmbeddedPostgres({ dataDirectory, runtimeDirectory, log: () => undefined })
  try {
    const first = await start()
    const { clusterDirectory } = first
    await first.stop('immediate')
    writeFileSync(join(clusterDirectory, 'postmaster.pid'), '')
    await using second = await start()
    expect(second.pid).not.toBe(first.pid)
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
    rmSync(runtimeDirectory, { recursive: true, force: true })
  }
}, 60_000)
