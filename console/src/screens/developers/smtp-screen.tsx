import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { Guard } from '../../ui/guard.tsx'
import { PlugIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Empty } from '../../ui/states.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { CredentialList } from './credential-list.tsx'
import { CredentialPage } from './credential-page.tsx'
import { SMTP_CREDENTIALS } from './credential-kinds.ts'
import { developerQueries } from './developers-queries.ts'
import { NewSmtp } from './new-smtp.tsx'
import { MadeSmtp, SmtpUse } from './smtp-use.tsx'

/** User names and passwords of programs that hand in mail over SMTP: the list, one of them, or the form for a new one. */
export function SmtpScreen() {
  const { view, id, show } = useSearch({ from: '/smtp-credentials' })
  return (
    <Guard scope="smtp-credentials:read" what="the SMTP credentials" title="SMTP credentials">
      {view === 'new' ? (
        <NewSmtp />
      ) : id === undefined ? (
        <Credentials showAll={show === 'all'} />
      ) : (
        <OneCredential key={id} id={id} />
      )}
    </Guard>
  )
}

function Credentials({ showAll }: { readonly showAll: boolean }) {
  const { api } = useSession()
  const query = useQuery(developerQueries.smtpCredentials(api))
  const mayNot = useAllowed('smtp-credentials:write', 'credential')
  return (
    <CredentialList
      kind={SMTP_CREDENTIALS}
      lead="For programs that speak SMTP. A password is shown once, when it is made. API keys work over SMTP too, with any user name."
      query={query}
      showAll={showAll}
      columns={[
        {
          id: 'username',
          header: 'User name',
          hideBelow: 'sm',
          cell: (row) => <code className="text-xs">{row.username}</code>,
        },
      ]}
      empty={
        <Empty icon={<PlugIcon className="size-6" />} title="No SMTP credentials yet">
          WordPress, a relay, a printer: what speaks SMTP gets a user name and a password of its own.{' '}
          {mayNot === undefined && (
            <Link to="/smtp-credentials" search={{ view: 'new' }} className={linkLook}>
              Make the first one
            </Link>
          )}
        </Empty>
      }
    />
  )
}

function OneCredential({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(developerQueries.smtpCredentials(api))
  return (
    <CredentialPage
      kind={SMTP_CREDENTIALS}
      id={id}
      query={query}
      facts={(row) => [['User name', <code key="user">{row.username}</code>]]}
      rotate={(row, overlapHours) => api.smtpCredentials.rotate(row.id, { overlapHours })}
      made={(made) => <MadeSmtp made={made} />}
    >
      {(row) => <SmtpUse username={row.username} allowedSenders={row.allowedSenders} />}
    </CredentialPage>
  )
}
