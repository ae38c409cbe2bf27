import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import { createPool } from './index.ts'
import { listen } from './listen.ts'

const log = pino({ level: 'silent' })

describe('listen', () => {
  it('hears what is notified, comes back after its connection is cut, and lets go of its connection once', async () => {
    await using database = await createTestDatabase()
    const pool = createPool({ url: database.ownerUrl, applicationName: 'listener', max: 2 })
    const heard: string[] = []
    const listener = listen(pool, 'probe', log, (payload) => heard.push(payload))
    const others = database.pool('superuser')
    const notify = async (text: string) => {
      await others.query("select pg_notify('probe', $1)", [text])
      return heard.includes(text)
    }
    await expect.poll(() => notify('first'), { timeout: 5000 }).toBe(true)
    await others.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bulkhead listener' and datname = current_database()",
    )
    await expect.poll(() => notify('second'), { timeout: 5000 }).toBe(true)
    await listener[Symbol.asyncDispose]()
    // Ends only when the listener gave its connection back; a second release would be an uncaught error of this run.
    await pool.end()
    expect(pool.counts().total).toBe(0)
  })
})
