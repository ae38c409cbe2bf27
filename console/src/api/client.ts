import { createClient, wantsStepUp, type Client } from '@bulkhead/sdk'

export type Api = Client

/** A page asks again soon anyway, so tries are few. */
const limits = { retriesMax: 2, timeoutMs: 20_000 } as const

/** The API of the installation that serves this page, with a key. */
export function createApi(token: string): Api {
  return createClient({ baseUrl: location.origin, apiKey: token, ...limits })
}

/**
 * The API as the person whose session the browser holds. `stepUp` asks for the second factor again where the server wants it fresh; the
 * request is then made once more.
 */
export function createPersonApi(options: {
  readonly workspace?: string | undefined
  readonly stepUp?: () => Promise<boolean>
}): Api {
  const { workspace, stepUp } = options
  return createClient({
    baseUrl: location.origin,
    ...limits,
    ...(workspace === undefined ? {} : { workspace }),
    fetch: async (input, init) => {
      const response = await fetch(input, init)
      if (stepUp === undefined || !(await wantsStepUp(response))) return response
      return (await stepUp()) ? fetch(input, { ...init, signal: null }) : response
    },
  })
}
