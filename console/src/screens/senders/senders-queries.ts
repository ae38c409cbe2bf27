import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

const KEYS_MAX = 1_000

/** A key or password that may send, as far as senders are concerned. */
export interface SendingCredential {
  readonly id: string
  readonly name: string
  readonly kind: 'API key' | 'SMTP credential'
  /** Addresses and `@domain`; empty: as every sender. */
  readonly allowedSenders: readonly string[]
}

/** Reads of the screen of senders. */
export const senderQueries = {
  list: (api: Api) =>
    pagedOptions(['senders', 'list'], (page, options) => api.senders.list(page, options), {
      refetchInterval: 30_000,
    }),
  domains: (api: Api) =>
    queryOptions({
      queryKey: ['domains', 'names'],
      queryFn: async ({ signal }) => (await api.domains.list({ limit: 100 }, { signal })).data,
      staleTime: 30_000,
    }),
  /** What works now and may send. `kinds`: those that the caller may see. */
  credentials: (api: Api, kinds: { readonly keys: boolean; readonly smtp: boolean }) =>
    queryOptions({
      queryKey: ['api-keys', 'senders', kinds],
      queryFn: async ({ signal }): Promise<readonly SendingCredential[]> => {
        const found: SendingCredential[] = []
        if (kinds.keys)
          for await (const key of api.apiKeys.listAll({ limit: 100 }, { signal })) {
            if (isAlive(key) && key.scopes.includes('messages:send')) found.push({ ...key, kind: 'API key' })
            if (found.length >= KEYS_MAX) return found
          }
        if (kinds.smtp)
          for await (const one of api.smtpCredentials.listAll({ limit: 100 }, { signal })) {
            if (isAlive(one)) found.push({ ...one, kind: 'SMTP credential' })
            if (found.length >= KEYS_MAX) return found
          }
        return found
      },
      staleTime: 30_000,
    }),
} as const

function isAlive(one: { readonly revokedAt: string | null; readonly expiresAt: string | null }): boolean {
  return one.revokedAt === null && (one.expiresAt === null || Date.parse(one.expiresAt) > Date.now())
}
