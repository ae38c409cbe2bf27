import { randomUUID } from 'node:crypto'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { aName, newId } from './operation-samples.ts'

interface World {
  readonly id: string
  post(path: string, body: unknown): Promise<Answer>
}

/** Valid requests of the operations on mail from outside, for operations.test.ts. */
export const inboundExamples = (api: () => ApiFixture) => ({
  'inboundRoutes.create': async (world: World) => ({ rest: await aRoute(world) }),
  'inboundRoutes.list': () => ({ rest: { limit: '10' } }),
  'inboundRoutes.get': async (world: World) => ({ params: { routeId: await made(world) } }),
  'inboundRoutes.update': async (world: World) => ({
    params: { routeId: await made(world) },
    rest: { sendRaw: true },
  }),
  'inboundRoutes.delete': async (world: World) => ({ params: { routeId: await made(world) } }),
  'inboundRoutes.mail': async (world: World) => ({ params: { routeId: await made(world) } }),
  'inboundRoutes.retryMail': async (world: World) => ({ params: await aRefusedMail(api(), world) }),
})

async function aRoute(world: World) {
  const name = aName()
  await world.post('/v1/domains', { name })
  return { hostname: `parse.${name}`, url: 'https://example.com/parse' }
}

async function made(world: World): Promise<string> {
  const { body, status, text } = await world.post('/v1/inbound-routes', await aRoute(world))
  if (status !== 201) throw new Error(`no route: ${text}`)
  return body.id
}

async function aRefusedMail(api: ApiFixture, world: World): Promise<Record<string, string>> {
  const routeId = await made(world)
  const id = newId()
  await api.database.pool('superuser').query(
    `insert into inbound_mail (workspace_id, id, route_id, content_id, digest, envelope, size_bytes, state, expires_at, settled_at)
     values ($1, $2, $3, $4, sha256(uuid_send($2)), decode('01' || repeat('00', 44), 'hex'), 1, 'failed', now() + interval '1 day', now())`,
    [decodeId('workspace', world.id), id, decodeId('inboundRoute', routeId), randomUUID()],
  )
  return { routeId, mailId: encodeId('inboundMail', id) }
}
