import { useState } from 'react'
import { useAccess } from '../session/access.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { Note } from '../ui/note.tsx'
import { Samples } from '../ui/samples.tsx'
import { useAct } from '../ui/use-mutation-act.ts'
import { LiveStory } from './live-story.tsx'
import { mailSamples } from './mail-samples.ts'

/** Somebody in the local inbox; of an installation that sends, the reader. */
const SOMEBODY = 'ann@example.com'
const BOUNCES = 'bounce@simulator.bulkhead.test'
/** A person has no key to show until one is made. */
const NO_KEY = 'bhk_…'

/** Sends a mail from the page and shows what becomes of it; below, the same from a program. */
export function SendFirst({
  domain,
  messageId,
  onSent,
}: {
  /** One that may stand in From; undefined where there is none. */
  readonly domain: string | undefined
  readonly messageId: string | null
  readonly onSent: (messageId: string) => void
}) {
  const { api, person } = useSession()
  const { can, installation } = useAccess()
  const isCaptured = installation.outbound === 'capture'
  const to = isCaptured ? SOMEBODY : (person?.account.email ?? SOMEBODY)
  const from = `hello@${domain ?? 'example.test'}`
  const send = useAct<string>(
    async (address) => {
      const isTest = address === BOUNCES
      const { id } = await api.messages.send({
        from,
        to: address,
        subject: isTest ? 'This one bounces' : 'Hello from Bulkhead',
        text: isTest
          ? 'The simulator refuses it, as a server without that mailbox would.'
          : `It works. This mail was signed with the keys of ${domain ?? from}, and its story is on the page that sent it.`,
      })
      onSent(id)
    },
    { refresh: ['messages', 'ledger', 'inbox'] },
  )
  const reason = can('messages:send')
    ? domain === undefined
      ? 'No domain of this workspace is verified yet.'
      : undefined
    : 'Your role may not send; it needs messages:send.'
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button
          look={messageId === null ? 'main' : 'plain'}
          disabled={send.isBusy}
          disabledReason={reason}
          onClick={() => void send.run(to)}
        >
          {messageId === null ? 'Send the first mail' : 'Send another'}
        </Button>
        {messageId !== null && (
          <Button disabled={send.isBusy} disabledReason={reason} onClick={() => void send.run(BOUNCES)}>
            Send one that bounces
          </Button>
        )}
        <p className="min-w-0 text-sm break-words text-muted">
          From {from} to {to}
          {isCaptured && ': it goes the whole way and ends in the local inbox'}.
        </p>
      </div>
      {send.failure !== undefined && <Note tone="bad">{send.failure}</Note>}
      {messageId !== null && <LiveStory key={messageId} messageId={messageId} isCaptured={isCaptured} />}
      <FromAProgram from={from} to={to} />
    </div>
  )
}

function FromAProgram({ from, to }: { readonly from: string; readonly to: string }) {
  const { api, token } = useSession()
  const { can, installation } = useAccess()
  const [made, setMade] = useState<string | null>(null)
  const key = token ?? made
  const make = useAct(
    async () => {
      const { key: fresh } = await api.apiKeys.create({ name: 'First program', scopes: ['messages:send'] })
      setMade(fresh)
    },
    { done: 'The key can send mail and nothing else.', refresh: ['api-keys'] },
  )
  return (
    <div>
      <h3 className="mb-1 text-sm font-semibold">The same from a program</h3>
      <Samples
        label="Language"
        samples={mailSamples({
          origin: location.origin,
          smtp: installation.smtp,
          from,
          to,
          key: key ?? NO_KEY,
          isDevelopment: installation.mode === 'development',
        })}
      />
      <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-2 text-xs text-muted">
        {key === null ? (
          <>
            <Button
              disabled={make.isBusy}
              disabledReason={
                can('api-keys:write') ? undefined : 'Your role may not make keys; it needs api-keys:write.'
              }
              onClick={() => void make.run()}
            >
              Make a key for it
            </Button>
            <span>Each program gets a key of its own. This one can send mail and nothing else.</span>
          </>
        ) : (
          <span>
            Copying fills in the whole key{made === null ? '' : '; it is shown nowhere else again'}.
          </span>
        )}
        {make.failure !== undefined && <span className="text-bad">{make.failure}</span>}
      </div>
    </div>
  )
}
