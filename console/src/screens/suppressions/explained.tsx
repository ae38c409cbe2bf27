import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { Failure } from '../../ui/states.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'
import { suppressionQueries } from './suppressions-queries.ts'

/** Whether an address gets mail, and why not: the answer to "why does this address get nothing?". */
export function Explained({ email }: { readonly email: string }) {
  const { api } = useSession()
  const query = useQuery(suppressionQueries.explain(api, email))
  if (query.isPending) return null
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  const { suppressed, why, stops, until, afterwards } = query.data
  if (!suppressed)
    return (
      <Note tone="info" title={`${email} gets mail`}>
        It is not on the list. What became of mail to it is under{' '}
        <Link to="/messages" search={{ recipient: email }} className={linkLook}>
          its messages
        </Link>
        .
      </Note>
    )
  return (
    <Note tone="warn" title={`${email} gets no ${stops.length === 1 ? 'bulk mail' : 'mail'}`}>
      <p className="break-words">{why}</p>
      {until !== null && (
        <p className="mt-1">
          Until <Time at={until} />. {afterwards}
        </p>
      )}
      <p className="mt-1">
        <Link to="/messages" search={{ recipient: email }} className={linkLook}>
          Messages to it
        </Link>
      </p>
    </Note>
  )
}
