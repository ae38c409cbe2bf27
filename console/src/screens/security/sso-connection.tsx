import type { SsoGetConnectionOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { useConfirmed } from './use-confirmed.ts'

/** The connected provider: what it is, whether it was tried, and how to end it. */
export function SsoConnection({
  connection,
  refusal,
  onEdit,
}: {
  readonly connection: SsoGetConnectionOutput
  readonly refusal: string | undefined
  readonly onEdit: () => void
}) {
  const { api } = useSession()
  const [isDisconnecting, setIsDisconnecting] = useState(false)
  const [testLink, setTestLink] = useState<string | null>(null)
  const confirmed = useConfirmed()
  const test = useAct(async () => {
    const begun = await api.sso.test()
    const state = new URL(begun.url).searchParams.get('state') ?? ''
    setTestLink(`/account/sso-test#${new URLSearchParams({ state, verifier: begun.verifier }).toString()}`)
  })
  return (
    <Panel
      title="Provider"
      action={
        <div className="flex flex-wrap gap-2">
          <Button disabledReason={refusal} disabled={test.isBusy} onClick={() => void test.run()}>
            Test it
          </Button>
          <Button disabledReason={refusal} onClick={onEdit}>
            Change
          </Button>
          <Button look="danger" disabledReason={refusal} onClick={() => setIsDisconnecting(true)}>
            Disconnect
          </Button>
        </div>
      }
    >
      <Facts
        rows={[
          [
            'State',
            connection.testedAt === null ? (
              <span key="state">
                <Chip tone="warn">not tested</Chip> Nobody gets in through it before a test has come back.
              </span>
            ) : (
              <span key="state">
                <Chip tone="ok">works</Chip> Tested <Time at={connection.testedAt} />.
              </span>
            ),
          ],
          ['Issuer', connection.issuer],
          [
            'Client',
            <code key="client" className="font-mono text-xs">
              {connection.clientId}
            </code>,
          ],
          ['Domains', connection.domains.join(', ')],
          [
            'Newcomers',
            connection.defaultRole === null
              ? 'Only who is invited comes in.'
              : `Whoever the provider vouches for comes in as ${connection.defaultRole}.`,
          ],
          [
            'Redirect URI',
            <span key="redirect" className="flex flex-wrap items-center gap-2">
              <code className="font-mono text-xs break-all">{connection.redirectUri}</code>
              <CopyButton text={connection.redirectUri} small />
            </span>,
          ],
          ['Changed', <Time key="changed" at={connection.changedAt} />],
        ]}
      />
      {testLink !== null && connection.testedAt === null && (
        <div className="p-4">
          <Note tone="info" title="Sign in at the provider once">
            Nobody is signed in here by it. This page notices when it has worked; the link lives ten minutes.
            <p className="mt-2">
              <a
                href={testLink}
                target="_blank"
                rel="noreferrer"
                className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
              >
                Open the test in a new tab
              </a>
            </p>
          </Note>
        </div>
      )}
      {testLink !== null && connection.testedAt !== null && (
        <p className="px-4 py-3 text-sm">
          <a href={testLink} target="_blank" rel="noreferrer" className={linkLook}>
            Test it once more in a new tab
          </a>
        </p>
      )}
      <p role="alert" className="px-4 py-2 text-sm text-bad empty:hidden">
        {test.failure ?? ''}
      </p>
      {isDisconnecting && (
        <Confirm
          title="Disconnect the provider?"
          action="Disconnect"
          danger
          typed={new URL(connection.issuer).host}
          onConfirm={() =>
            confirmed(() => api.sso.disconnect(), {
              done: 'The provider is disconnected.',
              refresh: ['sso', 'policy'],
            })
          }
          onClose={() => setIsDisconnecting(false)}
        >
          Every session that it vouched for ends, and which of its accounts is which member is forgotten.
          Members sign in with what they have of their own; who has nothing sets a password by mail and adds a
          second factor.
        </Confirm>
      )}
    </Panel>
  )
}
