import { useQuery } from '@tanstack/react-query'
import { useSession } from '../../session/session.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { AccountEnd } from './account-end.tsx'
import { AccountFactors } from './account-factors.tsx'
import { AccountIdentity } from './account-identity.tsx'
import { AccountSessions } from './account-sessions.tsx'
import { AccountWorkspaces } from './account-workspaces.tsx'
import { OwnRecovery } from './own-recovery.tsx'
import { securityQueries } from './security-queries.ts'

/** What a person signs in with, from where, and which workspaces it opens. */
export function AccountScreen() {
  const { person } = useSession()
  return (
    <Page
      title="Your account"
      width="reading"
      lead="It is the same in every workspace. What is changed here is told to you by mail."
    >
      {person === null ? (
        <Empty title="You are signed in with a key">
          A key is no person: sign out, and sign in with your account.
        </Empty>
      ) : (
        <Account factor={person.account.session.factor} />
      )}
    </Page>
  )
}

function Account({ factor }: { readonly factor: string }) {
  const { api } = useSession()
  const account = useQuery(securityQueries.account(api))
  if (factor === 'sso')
    return (
      <Note tone="info" title="Your company’s provider has signed you in">
        Such a session opens its workspace and nothing else: password, second factors and address are changed
        after a log-in of your own.
      </Note>
    )
  return (
    <>
      <Loaded query={account} label="your account">
        {(data) => (
          <>
            {data.recovery !== null && <OwnRecovery recovery={data.recovery} />}
            <AccountIdentity account={data} />
          </>
        )}
      </Loaded>
      <AccountFactors />
      <AccountSessions />
      <AccountWorkspaces />
      <AccountEnd />
    </>
  )
}
