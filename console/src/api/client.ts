import { createClient, type Client } from '@bulkhead/sdk'

export type Api = Client

/** The API of the installation that serves this page. A page asks again soon anyway, so tries are few. */
export function createApi(token: string): Api {
  return createClient({ baseUrl: location.origin, apiKey: token, retriesMax: 2, timeoutMs: 20_000 })
}
