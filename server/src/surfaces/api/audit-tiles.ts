import type { FastifyInstance, FastifyReply } from 'fastify'
import type { AuditLog } from '../../modules/audit-log/index.ts'

/** Tiles do not change. */
const FOREVER = 'public, max-age=31536000, immutable'
const MOMENT = 'public, max-age=2'

/**
 * The public half of the audit log, for whoever verifies or mirrors it (C2SP tlog-tiles), without authentication: `/audit/checkpoint`,
 * `/audit/tile/…`, `/audit/tile/entries/…`, `/audit/vkey`. An answer has at most 8,192 bytes of hashes or 256 commitments.
 */
export function addAuditTiles(app: FastifyInstance, log: AuditLog): void {
  app.get('/audit/checkpoint', async (_request, reply) => text(reply, await log.checkpoint()))
  app.get('/audit/vkey', async (_request, reply) => {
    const vkey = await log.vkey()
    return text(reply, vkey === null ? null : `${vkey}\n`)
  })
  app.get<{ Params: { '*': string } }>('/audit/tile/*', async (request, reply) => {
    const bytes = await log.tile(`tile/${request.params['*']}`)
    if (bytes === null) return absent(reply)
    return reply
      .header('cache-control', FOREVER)
      .header('x-content-type-options', 'nosniff')
      .type('application/octet-stream')
      .send(bytes)
  })
}

function text(reply: FastifyReply, content: string | null): FastifyReply {
  if (content === null) return absent(reply)
  return reply.header('cache-control', MOMENT).type('text/plain; charset=utf-8').send(content)
}

function absent(reply: FastifyReply): FastifyReply {
  return reply
    .status(404)
    .header('cache-control', MOMENT)
    .type('text/plain; charset=utf-8')
    .send('The published log has no such part.\n')
}
