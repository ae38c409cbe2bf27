import { useQuery } from '@tanstack/react-query'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { developerQueries } from './developers-queries.ts'

/** What development starts with. */
const FIRST_DOMAIN = 'example.test'

/** A sender that works, for samples: one that the credential is bound to, else one of the workspace. `isReal` false: none is verified yet. */
export function useSampleFacts(allowedSenders: readonly string[]): {
  readonly origin: string
  readonly from: string
  readonly to: string
  readonly isReal: boolean
} {
  const { api, person } = useSession()
  const { installation } = useAccess()
  const offered = useQuery(developerQueries.senders(api)).data
  const [bound] = allowedSenders
  const sender = offered?.senders[0]
  const domain = offered?.domains[0]
  const from =
    bound !== undefined
      ? bound.startsWith('@')
        ? `hello${bound}`
        : bound
      : (sender ?? `hello@${domain ?? FIRST_DOMAIN}`)
  return {
    origin: location.origin,
    from,
    // Whoever reads it sees the mail arrive; what is captured leaves nowhere.
    to:
      installation.outbound === 'capture' ? 'ann@example.com' : (person?.account.email ?? 'ann@example.com'),
    isReal: offered === undefined || bound !== undefined || sender !== undefined || domain !== undefined,
  }
}
