import type { Pool } from '../../platform/postgres/index.ts'

/** Held as long as its connection lives. */
export interface Leadership extends AsyncDisposable {
  /** Aborts when the connection is gone, and with it the lock. */
  readonly lost: AbortSignal
}

/** Takes the lock of the one that sequences; null where another process has it. */
export async function tryLeadership(pool: Pool): Promise<Leadership | null> {
  const client = await pool.connect()
  const lost = new AbortController()
  const onEnd = (): void => lost.abort()
  client.on('end', onEnd)
  client.on('error', onEnd)
  const release = (): Promise<void> => {
    // Never back into the pool: the lock belongs to the session.
    client.release(new Error('the session of the leader ends'))
    return Promise.resolve()
  }
  try {
    const { rows } = await client.query<{ held: boolean }>(
      "select pg_try_advisory_lock(hashtextextended('bulkhead audit sequencer', 0)) as held",
    )
    if (rows[0]?.held === true) return { lost: lost.signal, [Symbol.asyncDispose]: release }
  } catch (error) {
    await release()
    throw error
  }
  await release()
  return null
}
