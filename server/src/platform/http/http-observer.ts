import type { FastifyInstance, FastifyRequest } from 'fastify'
import { SECONDS_OF_WORK, type Metrics, type TraceContext, type Tracing } from '../telemetry/index.ts'

/** Watches the requests of a server. */
export interface HttpObserver {
  watch(app: FastifyInstance): void
}

const NO_ROUTE = 'none'

/**
 * Counts requests by the pattern of their route (never the path that was asked for) and traces them. A client's `traceparent` is continued
 * (W3C Trace Context). What fails with 5xx is traced in any case.
 */
export function createHttpObserver(deps: {
  readonly metrics: Metrics
  readonly tracing: Tracing
  /** Which of our doors. */
  readonly surface: 'api' | 'staff'
  readonly nowMs: () => number
}): HttpObserver {
  const { metrics, tracing, surface, nowMs } = deps
  const requests = metrics.counter({
    name: 'bulkhead_http_requests_total',
    help: 'Requests that were answered, by the pattern of their route; `none` has no route.',
    labels: ['surface', 'method', 'route', 'status'],
    seriesMax: 1_500,
  })
  const seconds = metrics.histogram({
    name: 'bulkhead_http_request_seconds',
    help: 'From the head of a request to the end of its answer; live streams last as long as they live.',
    labels: ['surface', 'method', 'route'],
    buckets: SECONDS_OF_WORK,
    seriesMax: 600,
  })
  const open = metrics.gauge({
    name: 'bulkhead_http_requests_open',
    help: 'Requests that are being answered, live streams included.',
    labels: ['surface'],
  })
  const traced = new WeakMap<FastifyRequest, TraceContext>()
  let opened = 0

  return {
    watch(app) {
      metrics.onRead(() => open.set([surface], opened))
      app.addHook('onRequest', (request, reply, done) => {
        opened += 1
        reply.raw.once('close', () => {
          opened -= 1
        })
        if (!tracing.isOn) return done()
        const { traceparent } = request.headers
        const context = tracing.request(typeof traceparent === 'string' ? traceparent : undefined)
        traced.set(request, context)
        return tracing.within(context, done)
      })
      app.addHook('onResponse', (request, reply, done) => {
        const route = request.routeOptions.url ?? NO_ROUTE
        const elapsedMs = reply.elapsedTime
        requests.add([surface, request.method, route, String(reply.statusCode)])
        seconds.observe([surface, request.method, route], elapsedMs / 1_000)
        const context = traced.get(request)
        const failed = reply.statusCode >= 500
        if (context !== undefined && (context.sampled || failed)) {
          const endMs = nowMs()
          tracing.ended({
            name: `${request.method} ${route}`,
            kind: 'server',
            at: context,
            startMs: endMs - elapsedMs,
            endMs,
            attributes: {
              'http.request.method': request.method,
              'http.route': route,
              'http.response.status_code': reply.statusCode,
              'bulkhead.surface': surface,
            },
            ...(failed ? { error: String(reply.statusCode) } : {}),
          })
        }
        done()
      })
    },
  }
}
