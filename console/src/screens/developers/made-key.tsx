import { Link } from '@tanstack/react-router'
import type { ApiKey, ApiKeysCreateOutput } from '@bulkhead/sdk'
import { CodeBlock } from '../../ui/code-block.tsx'
import { linkLook } from '../../ui/link.ts'
import { Panel } from '../../ui/panel.tsx'
import { SecretOnce } from '../../ui/secret-once.tsx'
import { apiSamples, KEY_VARIABLE } from './api-samples.ts'
import { DoorUse } from './door-use.tsx'
import { SendSteps } from './send-steps.tsx'
import { useSampleFacts } from './use-sample-facts.ts'

/** A key that was just made: the secret, and the way to the first mail with it. */
export function MadeKey({ made }: { readonly made: ApiKeysCreateOutput }) {
  return (
    <>
      <SecretOnce
        label={`The key “${made.name}”`}
        secret={made.key}
        hint="Bulkhead keeps a digest of it only."
      />
      <KeyUse apiKey={made} secret={made.key} />
    </>
  )
}

/** How to use a key: at the API of Bulkhead, or at the door of the vendor that it opens. */
export function KeyUse({
  apiKey: { door, scopes, allowedSenders },
  secret,
}: {
  readonly apiKey: Pick<ApiKey, 'door' | 'scopes' | 'allowedSenders'>
  readonly secret?: string
}) {
  const shown = secret === undefined ? {} : { secret }
  return door === null ? (
    <SendPanel scopes={scopes} allowedSenders={allowedSenders} {...shown} />
  ) : (
    <DoorUse door={door} scopes={scopes} allowedSenders={allowedSenders} {...shown} />
  )
}

/** How to send with a key, in the reader's language. Without `secret` the first step is shown with a gap. */
function SendPanel({
  scopes,
  allowedSenders,
  secret,
}: {
  readonly scopes: readonly string[]
  readonly allowedSenders: readonly string[]
  readonly secret?: string
}) {
  const facts = useSampleFacts(allowedSenders)
  if (!scopes.includes('messages:send'))
    return (
      <Panel title="Try it" lead="This key cannot send. It answers what it may read:">
        <div className="p-4">
          <CodeBlock
            label="Ask who the key is"
            shown={`curl ${facts.origin}/v1/access -H "Authorization: Bearer ${secret === undefined ? 'bhk_…' : `${secret.slice(0, 8)}…`}"`}
            copied={`curl ${facts.origin}/v1/access -H "Authorization: Bearer ${secret ?? 'bhk_…'}"`}
          />
        </div>
      </Panel>
    )
  return (
    <SendSteps
      lead="The key goes into the environment, not into the code."
      thing="key"
      variable={KEY_VARIABLE}
      begin="bhk_"
      secret={secret}
      label="Send a mail"
      samples={apiSamples(facts)}
    >
      <p className="text-xs text-muted">
        {facts.isReal
          ? 'The answer holds the id of the message; its story is under '
          : 'No domain is verified yet: a mail from another domain is refused. Add one first. Then look under '}
        <Link to="/messages" className={linkLook}>
          Messages
        </Link>
        .
      </p>
    </SendSteps>
  )
}
