import { once } from 'node:events'
import { createServer } from 'node:http'

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  readonly error: string | null
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  /** `bulkhead.process` of the resource. */
  readonly process: string
}

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string
  spans(): readonly ReceivedSpan[]
  /** Everything that came, as it came. */
  raw(): string
}

/* oxlint-disable typescript/no-explicit-any -- what arrives is looked into by tests only */
const valueOf = (value: any): unknown =>
  value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue)
const factsOf = (attributes: any[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]))

/** A collector: takes spans by OTLP over HTTP, JSON, as the specification of OTLP 1.x writes them. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const isOurs = request.url === '/v1/traces' && request.headers['content-type'] === 'application/json'
      if (isOurs) bodies.push(body)
      response.writeHead(isOurs ? 200 : 400, { 'content-type': 'application/json' }).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the collector does not listen')
  return {
    url: `http://127.0.0.1:${address.port}`,
    raw: () => bodies.join('\n'),
    spans: () =>
      bodies.flatMap((body) =>
        JSON.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }: any) =>
          scopeSpans.flatMap(({ spans }: any) =>
            spans.map((span: any): ReceivedSpan => ({
              name: span.name,
              traceId: span.traceId,
              spanId: span.spanId,
              parentSpanId: span.parentSpanId ?? '',
              kind: span.kind,
              startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
              endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
              error: span.status?.code === 2 ? String(span.status.message) : null,
              attributes: factsOf(span.attributes),
              links: (span.links ?? []).map(({ traceId, spanId }: any) => ({ traceId, spanId })),
              process: String(factsOf(resource.attributes)['bulkhead.process']),
            })),
          ),
        ),
      ),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
