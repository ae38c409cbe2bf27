import { useQuery } from '@tanstack/react-query'
import type { SsoGetConnectionOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { ProviderEditor } from './policy-editors.tsx'
import { ruleInWords } from './policy-words.ts'
import { securityQueries } from './security-queries.ts'
import { SsoConnectForm } from './sso-connect-form.tsx'
import { SsoConnection } from './sso-connection.tsx'

/** Sign-on through the workspace's own identity provider: the connection, its test, and whether it is the only way. */
export function SignOnScreen() {
  return (
    <Page
      title="Sign-on"
      width="reading"
      lead="Members can sign in through your own identity provider, by OpenID Connect: Google Workspace, Microsoft Entra ID, Okta, Keycloak and others. It opens this workspace and nothing else of theirs."
    >
      <Guard scope="policies:read" what="the sign-on">
        <Connection />
      </Guard>
    </Page>
  )
}

/** A test that another tab is in. */
function isUntested(connection: SsoGetConnectionOutput | null | undefined): boolean {
  return connection?.testedAt === null
}

function Connection() {
  const { api } = useSession()
  const { role } = useAccess()
  const may = useMay('policies:write')
  const [isEditing, setIsEditing] = useState(false)
  const known = useQuery(securityQueries.ssoConnection(api, false))
  const connection = useQuery(securityQueries.ssoConnection(api, isUntested(known.data)))
  const refusal = may ?? (role === 'owner' ? undefined : 'Only an owner connects a provider.')
  if (connection.isPending) return <LoadingRows rows={3} label="Loading the connection" />
  if (connection.data === undefined)
    return <Failure error={connection.error} onRetry={() => void connection.refetch()} />
  const { data } = connection
  if (isEditing) return <SsoConnectForm connection={data} onClose={() => setIsEditing(false)} />
  if (data === null)
    return (
      <Panel title="Provider">
        <Empty title="No provider is connected">
          <p className="mb-3">
            You need an owner of the workspace, somebody who may register an application at the provider, and
            a domain that is shown to be yours.
          </p>
          <Button look="main" disabledReason={refusal} onClick={() => setIsEditing(true)}>
            Connect a provider
          </Button>
          {refusal !== undefined && <p className="mt-2">{refusal}</p>}
        </Empty>
      </Panel>
    )
  return (
    <>
      <SsoConnection connection={data} refusal={refusal} onEdit={() => setIsEditing(true)} />
      <Enforcement />
    </>
  )
}

function Enforcement() {
  const { api } = useSession()
  const may = useMay('policies:write')
  const policy = useQuery(securityQueries.policy(api))
  const [isEditing, setIsEditing] = useState(false)
  if (policy.data === undefined) return null
  return (
    <Panel
      title="Is it the only way?"
      lead={ruleInWords('ssoRequired', policy.data)}
      action={
        !isEditing && (
          <Button disabledReason={may} onClick={() => setIsEditing(true)}>
            Change
          </Button>
        )
      }
    >
      {isEditing ? (
        <div className="p-4">
          <ProviderEditor policy={policy.data} onDone={() => setIsEditing(false)} />
        </div>
      ) : (
        <ul className="list-disc space-y-1 py-3 pr-4 pl-9 text-sm text-muted">
          <li>Owners can always sign in with a passkey of their own.</li>
          <li>Sessions of others that did not come from the provider end when it becomes the only way.</li>
          <li>
            Whoever leaves the company is refused at the next log-in. A session goes on until it ends: shorten
            that with the length of a session, or remove the member.
          </li>
        </ul>
      )}
    </Panel>
  )
}
