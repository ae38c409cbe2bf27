import type { SmtpCredentialsCreateOutput } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { Facts } from '../../ui/facts.tsx'
import { Panel } from '../../ui/panel.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { SendSteps } from './send-steps.tsx'
import { PASSWORD_VARIABLE, smtpSamples } from './smtp-samples.ts'
import { useSampleFacts } from './use-sample-facts.ts'

/** A credential that was just made: the password, and how to use it. */
export function MadeSmtp({ made }: { readonly made: SmtpCredentialsCreateOutput }) {
  return (
    <>
      <SecretOnce label={`The password of “${made.name}”`} secret={made.password} />
      <SmtpUse username={made.username} allowedSenders={made.allowedSenders} password={made.password} />
    </>
  )
}

/** Where to connect, and a first mail with the programs that people use. */
export function SmtpUse({
  username,
  allowedSenders,
  password,
}: {
  readonly username: string
  readonly allowedSenders: readonly string[]
  readonly password?: string
}) {
  const { installation } = useAccess()
  const facts = useSampleFacts(allowedSenders)
  const { host, port, tlsPort } = installation.smtp
  const isSelfSigned = installation.mode === 'development'
  return (
    <>
      <Panel title="Where to connect">
        <Facts
          rows={[
            ['Server', <code key="host">{host}</code>],
            ['Port', `${tlsPort} with TLS from the first byte, or ${port} with STARTTLS`],
            ['User name', <code key="user">{username}</code>],
            ['Password', password === undefined ? 'shown once, when it was made' : 'above'],
            [
              'Certificate',
              isSelfSigned
                ? 'self-signed: tls/development-cert.pem in the data directory'
                : 'checked by clients as usual',
            ],
          ]}
        />
      </Panel>
      <SendSteps
        lead="There is no log-in without TLS, and no mail without log-in."
        thing="password"
        variable={PASSWORD_VARIABLE}
        begin=""
        secret={password}
        label="Send over SMTP"
        samples={smtpSamples({
          host,
          port,
          tlsPort,
          username,
          isSelfSigned,
          from: facts.from,
          to: facts.to,
        })}
      />
    </>
  )
}
