import { chmodSync, rmSync } from 'node:fs'
import { createServer, request, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mergeExpositions, type Exposition } from './exposition.ts'
import type { Metrics } from './metrics.ts'

const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const ANSWER_BYTES_MAX = 8 * 1024 * 1024
const CHILD_TIMEOUT_MS = 2_000
/** Several readers within this time get the same answer: nobody makes processes work by asking often. */
const KEEP_MS = 1_000
const CONNECTIONS_MAX = 32

/** A UNIX socket, or an address. */
export type MetricsAddress = { readonly path: string } | { readonly host: string; readonly port: number }

/** Answers `GET /metrics` with `read` at an address. Resolves once it listens; throws where it cannot. */
export async function serveMetrics(deps: {
  readonly address: MetricsAddress
  readonly read: () => Promise<string>
  readonly onFailure: (error: unknown) => void
}): Promise<AsyncDisposable & { readonly port: number | null }> {
  const { address } = deps
  let kept: { readonly text: Promise<string>; readonly untilMs: number } | undefined
  const read = (): Promise<string> => {
    if (kept === undefined || kept.untilMs <= performance.now())
      kept = { text: deps.read(), untilMs: performance.now() + KEEP_MS }
    return kept.text
  }
  const server: Server = createServer(
    {
      requestTimeout: 10_000,
      headersTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8_192,
    },
    (incoming, response) => {
      incoming.resume()
      const path = incoming.url?.split('?')[0]
      if (path !== '/metrics') return answer(response, 404, 'There is /metrics here.\n')
      if (incoming.method !== 'GET') return answer(response, 405, 'Only GET is answered.\n')
      read().then(
        (text) => answer(response, 200, text, METRICS_CONTENT_TYPE),
        (error: unknown) => {
          kept = undefined
          deps.onFailure(error)
          answer(response, 500, 'The metrics could not be read.\n')
        },
      )
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  server.keepAliveTimeout = 30_000
  // A socket file of a process that was killed; the directory is ours alone.
  if ('path' in address) rmSync(address.path, { force: true })
  server.listen(address)
  await once(server, 'listening')
  if ('path' in address) chmodSync(address.path, 0o600)
  server.unref()
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : null,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

export interface MetricsSource {
  /** The value of the label `process`. */
  readonly process: string
  readonly socketPath: string
}

/**
 * The metrics of all processes of a host, asked over their sockets at once. A process that does not answer within 2 s, or with more than
 * 8 MiB, is left out, and `bulkhead_process_up` says so.
 */
export async function readAllMetrics(
  sources: readonly MetricsSource[],
  own: Pick<Metrics, 'read'>,
  onSource: (process: string, up: boolean) => void,
): Promise<string> {
  const answers = await Promise.all(
    sources.map(async ({ process, socketPath }): Promise<Exposition[]> => {
      try {
        const text = await askSocket(socketPath)
        onSource(process, true)
        return [{ process, text }]
      } catch {
        onSource(process, false)
        return []
      }
    }),
  )
  return mergeExpositions([...answers.flat(), { process: 'supervisor', text: await own.read() }])
}

function askSocket(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path: '/metrics', agent: false, signal: AbortSignal.timeout(CHILD_TIMEOUT_MS) },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) asked.destroy(new Error('more metrics than anybody has'))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString())
          else reject(new Error(`metrics were answered with ${response.statusCode}`))
        })
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(text)
}
