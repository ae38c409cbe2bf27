import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Sso } from '../../modules/sso/index.ts'

const PARAMETER_MAX = 4_096

/**
 * The two stops of a browser on its way to a provider and back. Neither signs anybody in, and neither needs a cookie: `go` leads a log-in
 * that was begun to its provider, and `callback` hands what the provider sent to the page, behind the # where no server and no log sees it.
 * The page ends the log-in with what only its tab knows (POST /v1/sso/finish).
 */
export function addSsoRedirects(app: FastifyInstance, sso: Pick<Sso, 'go'>): void {
  app.get<{ Querystring: Record<string, unknown> }>('/v1/sso/go', async (request, reply) => {
    const { state } = request.query
    const url = typeof state === 'string' ? await sso.go(state) : null
    return to(reply, url ?? '/account/sso#error=unavailable')
  })
  app.get<{ Querystring: Record<string, unknown> }>('/v1/sso/callback', async (request, reply) => {
    const kept = new URLSearchParams()
    for (const name of ['code', 'state', 'iss', 'error']) {
      const value = request.query[name]
      if (typeof value === 'string' && value.length <= PARAMETER_MAX) kept.set(name, value)
    }
    return to(reply, `/account/sso#${kept.toString()}`)
  })
}

function to(reply: FastifyReply, location: string): FastifyReply {
  return reply
    .status(303)
    .header('location', location)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .send()
}
