import { createIdGenerator, decodeId, encodeId } from '../../src/kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import type { ApiFixture } from './api-fixture.ts'

interface Example {
  readonly params?: Readonly<Record<string, string>>
  readonly rest?: Readonly<Record<string, unknown>>
}

/** Valid requests of the operations on reports, for the generic tests. */
export function bounceExamples(
  apiOf: () => ApiFixture,
): Readonly<Record<string, (world: { readonly id: string }) => Example | Promise<Example>>> {
  const ofWorld = async ({ id }: { readonly id: string }): Promise<Example> => ({
    params: { bounceId: await aReport(apiOf(), decodeId('workspace', id) ?? '') },
  })
  return {
    'bounces.list': () => ({ rest: { kind: 'bounce' } }),
    'bounces.get': ofWorld,
    'bounces.source': ofWorld,
    'quarantine.list': () => ({ rest: { limit: '10' } }),
    'quarantine.source': async () => ({
      params: { bounceId: await aReport(apiOf(), INSTALLATION_WORKSPACE) },
    }),
  }
}

/** A bounce of a workspace, or of the installation a mail of the quarantine, sealed as the process smtp seals it; its id. */
async function aReport(api: ApiFixture, workspaceId: string): Promise<string> {
  const id = createIdGenerator()()
  const place = { workspaceId, table: 'bounce_report', column: 'sealed', rowId: id }
  const key = await api.keyring('smtp').contentKey(workspaceId)
  await api.database.pool('superuser').query(
    `insert into bounce_report (id, workspace_id, kind, format, digest, size_bytes, findings, sealed)
     values ($1, $2, 'bounce', 'dsn', sha256(uuid_send($1)), 1, '{}', $3)`,
    [id, workspaceId, seal(key, place, Buffer.from('From: a@b.example\r\n\r\nx'))],
  )
  return encodeId('bounce', id)
}
