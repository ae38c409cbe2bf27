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
    // Never back into the pool: the lock belongs to its open transaction.
    client.release(new Error('the session of the leader ends'))
    return Promise.resolve()
  }
  try {
    await client.query('begin')
    // It holds no snapshot and no row, and stays open for as long as the process leads.
    await client.query('set local idle_in_transaction_session_timeout = 0')
    const { rows } = await client.query<{ held: boolean }>('select engine.audit_lead() as held')
    if (rows[0]?.held === true) return { lost: lost.signal, [Symbol.asyncDispose]: release }
  } catch (error) {
    await release()
    throw error
  }
  await release()
  return null
}
