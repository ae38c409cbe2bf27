import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'

/** Keys of a workspace are few; what is beyond is told, not hidden. */
const ROWS_MAX = 1_000

async function firstOf<Row>(rows: AsyncIterable<Row>): Promise<{ rows: Row[]; isWhole: boolean }> {
  const found: Row[] = []
  for await (const row of rows) {
    if (found.length >= ROWS_MAX) return { rows: found, isWhole: false }
    found.push(row)
  }
  return { rows: found, isWhole: true }
}

/** Reads of the screens of keys and SMTP credentials. */
export const developerQueries = {
  /** All of them, because a filter and the counts of a preview are about all. */
  apiKeys: (api: Api) =>
    queryOptions({
      queryKey: ['api-keys'],
      queryFn: ({ signal }) => firstOf(api.apiKeys.listAll({ limit: 100 }, { signal })),
      refetchInterval: 30_000,
    }),
  smtpCredentials: (api: Api) =>
    queryOptions({
      queryKey: ['smtp-credentials'],
      queryFn: ({ signal }) => firstOf(api.smtpCredentials.listAll({ limit: 100 }, { signal })),
      refetchInterval: 30_000,
    }),
  quotas: (api: Api) =>
    queryOptions({ queryKey: ['quotas'], queryFn: ({ signal }) => api.quotas.get({ signal }) }),
  epochs: (api: Api) =>
    queryOptions({ queryKey: ['epochs'], queryFn: ({ signal }) => api.epochs.list({ signal }) }),
  /** As whom a program may send: what forms offer and samples fill in. */
  senders: (api: Api) =>
    queryOptions({
      queryKey: ['senders', 'offered'],
      queryFn: async ({ signal }) => {
        const [domains, senders] = await Promise.all([
          api.domains.list({ limit: 100 }, { signal }).catch(() => null),
          api.senders.list({ limit: 100 }, { signal }).catch(() => null),
        ])
        return {
          domains: (domains?.data ?? []).filter(({ state }) => state === 'verified').map(({ name }) => name),
          senders: (senders?.data ?? []).map(({ email }) => email),
        }
      },
      staleTime: 60_000,
    }),
} as const
