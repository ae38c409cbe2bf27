import type { Domain } from '@bulkhead/sdk'
import { Note } from '../../ui/note.tsx'
import { Time } from '../../ui/time.tsx'
import type { DnsRecord } from './domain-records.ts'
import { keyAge } from './domain-records.ts'
import type { useLiveCheck } from './use-live-check.ts'

/** What a person should know of a domain before anything else. */
export function DomainNotes({
  domain,
  missing,
  live,
}: {
  readonly domain: Domain
  readonly missing: readonly DnsRecord[]
  readonly live: ReturnType<typeof useLiveCheck>
}) {
  const age = keyAge(domain)
  const records = missing.length === 1 ? '1 record' : `${missing.length} records`
  return (
    <>
      {live.failure !== undefined && (
        <Note tone="bad" title="DNS could not be asked">
          {live.failure}
        </Note>
      )}
      {domain.state === 'pending' && (
        <Note tone="info" title={`Publish ${records}, then mail can be sent from ${domain.name}`}>
          <Looking live={live} />
        </Note>
      )}
      {domain.state === 'failing' && (
        <Note tone="bad" title="Nothing can be sent: its records are gone">
          Publish {records} again. <Looking live={live} />
        </Note>
      )}
      {domain.state === 'verified' && domain.failingSince !== null && (
        <Note tone="warn" title={`${records} vanished from DNS`}>
          Mail goes on for 72 hours from <Time at={domain.failingSince} />. <Looking live={live} />
        </Note>
      )}
      {domain.state === 'verified' && domain.rotation?.state === 'waiting' && (
        <Note tone="info" title={`Publish ${records} of the new keys`}>
          Mail is signed with the keys of now until then. <Looking live={live} />
        </Note>
      )}
      {domain.inertUntil !== null && (
        <Note tone="warn" title="Mail from it is held, because it is new">
          Until <Time at={domain.inertUntil} />, so that everybody who was here before hears of it. Another
          owner can let it go earlier, under Approvals.
        </Note>
      )}
      {age !== undefined && age.hint !== null && domain.rotation === null && (
        <Note tone="warn" title={`Its keys have signed for ${age.days} days`}>
          Change them about every six months: a key that leaked unnoticed then ends.
        </Note>
      )}
    </>
  )
}

function Looking({ live }: { readonly live: ReturnType<typeof useLiveCheck> }) {
  return (
    <span role="status">
      {live.isChecking
        ? 'Asking DNS…'
        : live.isLooking
          ? 'DNS is asked every 30 seconds while this page is open; new records can take minutes to appear.'
          : 'DNS is asked by itself, at first every minute.'}
    </span>
  )
}
