import { useQuery } from '@tanstack/react-query'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'
import type { CredentialKind } from './credential-kinds.ts'
import { developerQueries } from './developers-queries.ts'

/** When all credentials of a kind were ended at once the last time, and why; nothing where that never happened. */
export function EndedAll({ kind }: { readonly kind: CredentialKind }) {
  const { api } = useSession()
  const { can } = useAccess()
  const epochs = useQuery({ ...developerQueries.epochs(api), enabled: can('credentials:kill') })
  // The youngest is the first of the answer.
  const last = epochs.data?.data.find((epoch) => epoch.class === kind.kind || epoch.class === 'any')
  if (last === undefined) return null
  return (
    <Note tone="info" title={`All ${kind.many} that were made before a time are ended`}>
      <Time at={last.bumpedAt} />: {last.reason}
    </Note>
  )
}
