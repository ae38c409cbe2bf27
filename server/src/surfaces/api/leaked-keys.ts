import type { FastifyInstance } from 'fastify'
import { Fault } from '../../kernel/faults.ts'
import { SIGNED_REPORT_BYTES_MAX } from '../../modules/leaked-keys/index.ts'
import type { LeakedKeys } from '../../modules/leaked-keys/index.ts'
import { clientAddress } from '../../platform/http/client-address.ts'
import type { TrustedProxies } from '../../platform/http/client-address.ts'

/**
 * `POST /v1/leaked-keys`: reports as GitHub's secret scanning sends them. Not an operation of the registry, because the format is GitHub's:
 * the body is an array, the signature is of its raw bytes, and the answer has GitHub's names.
 */
export function addLeakReports(
  app: FastifyInstance,
  deps: { readonly leakedKeys: Pick<LeakedKeys, 'reportSigned'>; readonly proxies: TrustedProxies },
): void {
  app.post('/v1/leaked-keys', { bodyLimit: SIGNED_REPORT_BYTES_MAX }, async (request, reply) => {
    if (!Buffer.isBuffer(request.body))
      throw new Fault('invalid_request', {
        detail: 'The body is empty: send the report as application/json.',
      })
    const header = (name: string): string | undefined => {
      const value = request.headers[name]
      return Array.isArray(value) ? undefined : value
    }
    const answers = await deps.leakedKeys.reportSigned({
      raw: request.body,
      keyIdentifier: header('github-public-key-identifier'),
      signature: header('github-public-key-signature'),
      clientAddress: clientAddress(request.socket.remoteAddress, request.headers, deps.proxies),
    })
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(answers))
  })
}
