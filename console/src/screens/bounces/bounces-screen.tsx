import { useSearch } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { Guard } from '../../ui/guard.tsx'
import { BounceList } from './bounce-list.tsx'
import { BouncePage } from './bounce-page.tsx'
import { Quarantine } from './quarantine.tsx'

/** What came back for mail of the workspace; for the operator, what belongs to no workspace. */
export function BouncesScreen() {
  const search = useSearch({ from: '/bounces' })
  const { isOperator } = useAccess()
  if (isOperator)
    return (
      <Guard scope="quarantine:read" what="the quarantine" title="Quarantine">
        <Quarantine search={search} />
      </Guard>
    )
  return (
    <Guard scope="messages:read" what="what came back" title="Bounces">
      {search.id === undefined ? (
        <BounceList search={search} />
      ) : (
        <BouncePage key={search.id} id={search.id} />
      )}
    </Guard>
  )
}
