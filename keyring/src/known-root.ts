import { Client } from 'pg'

/** The root under which the keys in the database are wrapped; null where there are none yet. Throws while the database is away. */
export async function readKnownRoot(databaseUrl: string): Promise<string | null> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 3000,
    query_timeout: 4000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ root_id: string }>(
      `select root_id from keyring.installation_key
       union all
       select root_id from keyring.workspace_key
       limit 1`,
    )
    return rows[0]?.root_id ?? null
  } finally {
    await client.end().catch(() => undefined)
  }
}
