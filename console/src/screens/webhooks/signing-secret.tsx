import { useQuery } from '@tanstack/react-query'
import type { Webhook, WebhooksCreateOutput } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Samples } from '../../ui/samples.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { FORMAT_NAMES, type Format } from './formats.ts'
import { VERIFY_VARIABLES, VERIFY_WORDS, vendorSamples } from './vendor-verification.ts'
import { SECRET_VARIABLE, VERIFICATION_SAMPLES } from './verification-samples.ts'
import { webhookQueries } from './webhooks-queries.ts'

/** What was just made to sign with, and how a receiver checks signatures with it: of a vendor's format as at the vendor. */
export function MadeSecret({ made }: { readonly made: WebhooksCreateOutput }) {
  const { format, secret } = made
  return (
    <>
      {secret !== null && (
        <SecretOnce
          label={format === 'mandrill' ? 'The authentication key' : 'The signing secret'}
          secret={secret}
          hint="Receivers check with it that events are ours."
        />
      )}
      <Verification webhook={made} {...(secret === null ? {} : { secret })} />
    </>
  )
}

/** How to check that an event is ours. */
export function Verification({ webhook, secret }: { readonly webhook: Webhook; readonly secret?: string }) {
  const { format, signing } = webhook
  if (!signing)
    return (
      <Panel title="Check signatures">
        <div className="p-4">
          <Note tone="warn" title="Requests are not signed">
            Whoever knows the URL can tell your program of events that never were. Edit the webhook to have
            them signed.
          </Note>
        </div>
      </Panel>
    )
  if (format !== 'bulkhead')
    return (
      <VendorVerification webhook={webhook} format={format} {...(secret === undefined ? {} : { secret })} />
    )
  return (
    <Panel
      title="Check signatures"
      lead="Signed after Standard Webhooks, whose libraries work too. Check the bytes as they came, before parsing."
    >
      <div className="flex flex-col gap-4 p-4">
        <SetSecret variable={SECRET_VARIABLE} begin="whsec_" secret={secret} />
        <Samples label="Check a signature" samples={VERIFICATION_SAMPLES} />
      </div>
    </Panel>
  )
}

function VendorVerification({
  webhook,
  format,
  secret,
}: {
  readonly webhook: Webhook
  readonly format: Exclude<Format, 'bulkhead'>
  readonly secret?: string
}) {
  const { api } = useSession()
  const query = useQuery(webhookQueries.verification(api, webhook.id))
  return (
    <Panel
      title="Check signatures"
      lead={`${VERIFY_WORDS[format]} A receiver that was written for ${FORMAT_NAMES[format]} stays as it is; only its key is another.`}
    >
      <Loaded query={query} label="how it is verified" rows={2}>
        {({ algorithm, headers, publicKey }) => (
          <>
            <Facts
              rows={[
                ['Algorithm', algorithm],
                ['Headers', <code key="headers">{headers.join(', ')}</code>],
                [
                  'Verified with',
                  publicKey === null
                    ? 'the secret, shown once where it is made; rotate it to see one'
                    : 'the public key below; it is no secret',
                ],
              ]}
            />
            <div className="flex flex-col gap-4 p-4">
              {publicKey === null ? (
                <SetSecret
                  variable={VERIFY_VARIABLES[format]}
                  begin={format === 'resend' ? 'whsec_' : ''}
                  secret={secret}
                />
              ) : (
                <CodeBlock
                  label="Set the public key"
                  shown={`export ${VERIFY_VARIABLES[format]}='${publicKey}'`}
                />
              )}
              <Samples label="Check a signature" samples={vendorSamples(format, webhook.url)} />
            </div>
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function SetSecret({
  variable,
  begin,
  secret,
}: {
  readonly variable: string
  readonly begin: string
  readonly secret: string | undefined
}) {
  return (
    <CodeBlock
      label="Set the secret"
      shown={`export ${variable}='${secret === undefined ? begin : secret.slice(0, begin.length + 3)}…'`}
      copied={`export ${variable}='${secret ?? `${begin}…`}'`}
    />
  )
}
