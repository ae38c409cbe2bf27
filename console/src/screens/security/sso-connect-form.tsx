import type { SsoConnectInput, SsoGetConnectionOutput } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { wordsIn } from '../../words-in.ts'
import { ROLES } from './people-words.ts'

type NewcomerRole = NonNullable<SsoConnectInput['defaultRole']>

/** What each provider calls what we need. From their own documentation. */
const PROVIDERS = [
  {
    name: 'Google Workspace',
    issuer: 'https://accounts.google.com',
    where: 'Google Cloud console, Clients: a web application, audience “Internal”.',
  },
  {
    name: 'Microsoft Entra ID',
    issuer: 'https://login.microsoftonline.com/<tenant id>/v2.0',
    where:
      'App registrations: single tenant, platform Web, a client secret, and the optional claims email and xms_edov.',
  },
  {
    name: 'Okta',
    issuer: 'https://<your org>.okta.com',
    where: 'Create App Integration: OIDC, Web Application; assign the people.',
  },
  {
    name: 'Keycloak',
    issuer: 'https://<host>/realms/<realm>',
    where:
      'Clients, Create client: client authentication and standard flow on; people need “Email verified”.',
  },
] as const

/** Connects a provider, or changes the connection. The server asks the issuer and the DNS, and says what is wrong with them. */
export function SsoConnectForm({
  connection,
  onClose,
}: {
  readonly connection: SsoGetConnectionOutput | null
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const { installation } = useAccess()
  const [issuer, setIssuer] = useState(connection?.issuer ?? '')
  const [clientId, setClientId] = useState(connection?.clientId ?? '')
  const [clientSecret, setClientSecret] = useState('')
  const [domains, setDomains] = useState(connection?.domains.join(' ') ?? '')
  const [role, setRole] = useState<NewcomerRole | ''>(newcomerRole(connection?.defaultRole ?? null))
  const isOther =
    connection !== null && (connection.issuer !== issuer.trim() || connection.clientId !== clientId.trim())
  const connect = useAct(
    () =>
      api.sso.connect({
        issuer: issuer.trim(),
        clientId: clientId.trim(),
        ...(clientSecret === '' ? {} : { clientSecret }),
        domains: wordsIn(domains.toLowerCase()),
        defaultRole: role === '' ? null : role,
      }),
    { done: 'The provider is connected. Test it next.', refresh: ['sso', 'policy'] },
  )
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (await connect.run()) onClose()
  }
  return (
    <Panel
      title={connection === null ? 'Connect a provider' : 'Change the connection'}
      lead="Register a confidential web client at the provider, then say here what it answered."
    >
      <form onSubmit={(event) => void submit(event)} className="p-4">
        <h3 className="mb-1 text-sm font-semibold">1. At the provider</h3>
        <p className="mb-2 text-sm text-muted">
          Redirect URI of the application, and the scopes{' '}
          <code className="font-mono">openid email profile</code>:
        </p>
        <CodeBlock shown={`${installation.publicUrl}/v1/sso/callback`} label="Redirect URI" />
        <details className="my-3 text-sm">
          <summary className="cursor-pointer text-accent">Where is that at my provider?</summary>
          <ul className="mt-2 space-y-2">
            {PROVIDERS.map((provider) => (
              <li key={provider.name}>
                <strong>{provider.name}</strong>: {provider.where} Issuer:{' '}
                <LinkButton
                  className="font-mono text-xs break-all"
                  onClick={() => setIssuer(provider.issuer)}
                >
                  {provider.issuer}
                </LinkButton>
              </li>
            ))}
          </ul>
        </details>
        <h3 className="mb-1 text-sm font-semibold">2. Here</h3>
        <Field
          label="Issuer"
          name="issuer"
          type="url"
          required
          value={issuer}
          onChange={(event) => setIssuer(event.target.value)}
          placeholder="https://login.example.com"
          className="font-mono"
          hint="The server reads the rest from its /.well-known/openid-configuration."
        />
        <div className="grid gap-x-4 sm:grid-cols-2">
          <Field
            label="Client id"
            name="clientId"
            required
            value={clientId}
            onChange={(event) => setClientId(event.target.value)}
            className="font-mono"
            autoComplete="off"
          />
          <Field
            label="Client secret"
            name="clientSecret"
            type="password"
            required={connection === null || isOther}
            value={clientSecret}
            onChange={(event) => setClientSecret(event.target.value)}
            className="font-mono"
            autoComplete="off"
            hint={
              connection === null
                ? 'It is sealed, and shown nowhere again.'
                : 'Empty: the one that is stored.'
            }
          />
        </div>
        <Field
          label="E-mail domains that the provider may speak for"
          name="domains"
          required
          value={domains}
          onChange={(event) => setDomains(event.target.value)}
          placeholder="example.com"
          className="font-mono"
          hint="They must be yours: verified for sending, or with a TXT record that the error below names."
        />
        <div className="mb-4 max-w-md">
          <Select
            label="Who comes for the first time becomes"
            value={role}
            onChange={(event) => setRole(newcomerRole(event.target.value))}
          >
            <option value="">nothing: only who is invited comes in</option>
            {ROLES.filter(({ name }) => name !== 'owner').map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </Select>
        </div>
        {isOther && (
          <div className="mb-4">
            <Note tone="warn" title="Another issuer or client is another connection">
              Sessions that the old one vouched for end, and it must be tested before anybody gets in.
            </Note>
          </div>
        )}
        {connect.failure !== undefined && (
          <div className="mb-4">
            <Note tone="bad" title="It was not connected">
              <span className="break-words whitespace-pre-wrap">{connect.failure}</span>
            </Note>
          </div>
        )}
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={connect.isBusy}>
            {connect.isBusy ? 'Asking the provider…' : connection === null ? 'Connect' : 'Save'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Panel>
  )
}

/** The role as newcomers may have it; empty for none. */
function newcomerRole(text: string | null): NewcomerRole | '' {
  const found = ROLES.find(({ name }) => name === text)?.name
  return found === undefined || found === 'owner' ? '' : found
}
