import { Client } from 'pg'

/** The roots under which the keys in the database are wrapped; empty where there are none yet. Throws while the database is away. */
export async function readKnownRoots(databaseUrl: string): Promise<readonly string[]> {
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
       union
       select root_id from keyring.workspace_key where wrapped is not null`,
    )
    return rows.map((row) => row.root_id)
  } finally {
    await client.end().catch(() => undefined)
  }
}
