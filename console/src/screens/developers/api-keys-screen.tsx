import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { ApiKey } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Guard } from '../../ui/guard.tsx'
import { KeyIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Empty } from '../../ui/states.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { CredentialList } from './credential-list.tsx'
import { CredentialPage } from './credential-page.tsx'
import { API_KEYS } from './credential-kinds.ts'
import { developerQueries } from './developers-queries.ts'
import { DOOR_NAMES } from './doors.ts'
import { KeyUse, MadeKey } from './made-key.tsx'
import { NewKey } from './new-key.tsx'
import { ReportLeak } from './report-leak.tsx'
import { scopesInWords } from './scopes.ts'

/** Keys of programs that use the HTTP API: the list, one of them, or the form for a new one. */
export function ApiKeysScreen() {
  const { view, id, show } = useSearch({ from: '/api-keys' })
  return (
    <Guard scope="api-keys:read" what="the API keys" title="API keys">
      {view === 'new' ? (
        <NewKey />
      ) : id === undefined ? (
        <Keys showAll={show === 'all'} />
      ) : (
        <OneKey key={id} id={id} />
      )}
    </Guard>
  )
}

function Keys({ showAll }: { readonly showAll: boolean }) {
  const { api } = useSession()
  const query = useQuery(developerQueries.apiKeys(api))
  const mayNot = useAllowed('api-keys:write', 'credential')
  const [isReporting, setIsReporting] = useState(false)
  return (
    <>
      <CredentialList
        kind={API_KEYS}
        lead="For programs that use the HTTP API. A key is shown once, when it is made."
        query={query}
        showAll={showAll}
        columns={[
          {
            id: 'prefix',
            header: 'Begins with',
            hideBelow: 'md',
            cell: (row) => <code className="text-xs">{row.prefix}</code>,
          },
          {
            id: 'door',
            header: 'Opens',
            hideBelow: 'lg',
            cell: (row) => (row.door === null ? 'Bulkhead' : DOOR_NAMES[row.door]),
          },
          {
            id: 'scopes',
            header: 'May',
            hideBelow: 'sm',
            cell: (row) => <span title={row.scopes.join('\n')}>{scopesInWords(row.scopes)}</span>,
          },
        ]}
        empty={
          <Empty icon={<KeyIcon className="size-6" />} title="No API keys yet">
            Make one for the program that shall send; the code for the first mail comes with it.{' '}
            {mayNot === undefined && (
              <Link to="/api-keys" search={{ view: 'new' }} className={linkLook}>
                Make the first one
              </Link>
            )}
          </Empty>
        }
        more={<Button onClick={() => setIsReporting(true)}>A key leaked …</Button>}
      />
      {isReporting && <ReportLeak onClose={() => setIsReporting(false)} />}
    </>
  )
}

function OneKey({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(developerQueries.apiKeys(api))
  return (
    <CredentialPage
      kind={API_KEYS}
      id={id}
      query={query}
      facts={(row) => [
        ['Begins with', <code key="prefix">{row.prefix}</code>],
        ['Opens', opens(row)],
        [
          'May',
          <span key="scopes">
            {scopesInWords(row.scopes)}
            {row.scopes.length > 2 && (
              <span className="block font-mono text-xs text-muted">{row.scopes.join(', ')}</span>
            )}
          </span>,
        ],
      ]}
      rotate={(row, overlapHours) => api.apiKeys.rotate(row.id, { overlapHours })}
      made={(made) => <MadeKey made={made} />}
    >
      {(row) => <KeyUse apiKey={row} />}
    </CredentialPage>
  )
}

/** Which API: of a vendor's door also by which of the vendor's names it is narrowed. */
function opens({ door, doorScopes }: ApiKey): string {
  if (door === null) return 'the API of Bulkhead'
  const narrowed = doorScopes.length === 0 ? '' : `, only ${doorScopes.join(', ')}`
  return `the door for programs of ${DOOR_NAMES[door]}, nothing else${narrowed}`
}
