import { useQuery } from '@tanstack/react-query'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { senderQueries, type SendingCredential } from './senders-queries.ts'

/** Credentials that may send as an address: those bound to it, those bound to its domain, those bound to nothing. */
export function usersOf(
  email: string,
  credentials: readonly SendingCredential[],
): { readonly bound: readonly SendingCredential[]; readonly unbound: number } {
  const address = email.toLowerCase()
  const domain = `@${address.slice(address.lastIndexOf('@') + 1)}`
  return {
    bound: credentials.filter(({ allowedSenders }) =>
      allowedSenders.some((one) => one.toLowerCase() === address || one.toLowerCase() === domain),
    ),
    unbound: credentials.filter(({ allowedSenders }) => allowedSenders.length === 0).length,
  }
}

/** Which keys and SMTP credentials may send as an address. */
export function UsedBy({ email }: { readonly email: string }) {
  const { api } = useSession()
  const { can } = useAccess()
  const kinds = { keys: can('api-keys:read'), smtp: can('smtp-credentials:read') }
  const query = useQuery({
    ...senderQueries.credentials(api, kinds),
    enabled: kinds.keys || kinds.smtp,
  })
  if (!kinds.keys && !kinds.smtp) return <span className="text-muted">not for you to see</span>
  if (query.data === undefined) return <span className="text-muted">{query.isError ? 'unknown' : '…'}</span>
  const { bound, unbound } = usersOf(email, query.data)
  const every =
    unbound === 0 ? undefined : `${unbound} ${unbound === 1 ? 'credential' : 'credentials'} without bounds`
  if (bound.length === 0 && every === undefined) return <span className="text-muted">nobody may</span>
  return (
    <span>
      {bound.map(({ id, name, kind }) => (
        <span key={id} className="block break-words">
          {name} <span className="text-xs text-muted">{kind}</span>
        </span>
      ))}
      {every !== undefined && <span className="block text-xs text-muted">{every}</span>}
    </span>
  )
}
