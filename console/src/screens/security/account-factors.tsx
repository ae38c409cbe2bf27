import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { FactorsListOutput } from '@bulkhead/sdk'
import { useState } from 'react'
import { AuthenticatorApp, PasskeyMaker, RecoveryCodes } from '../../account/enrol.tsx'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useConfirmed } from './use-confirmed.ts'
import { securityQueries } from './security-queries.ts'

type Adding = 'passkey' | 'app' | 'codes'

const TITLES: Readonly<Record<Adding, string>> = {
  passkey: 'Add a passkey',
  app: 'Add an authenticator app',
  codes: 'Make new recovery codes',
}
const FEW_CODES = 3

/** Passkeys, the authenticator app, recovery codes: what is there, what is added and taken away. */
export function AccountFactors() {
  const { api } = useSession()
  const client = useQueryClient()
  const factors = useQuery(securityQueries.factors(api))
  const [adding, setAdding] = useState<Adding | null>(null)
  const again = (): void => {
    for (const noun of ['factors', 'account', 'members', 'sessions'])
      void client.invalidateQueries({ queryKey: [noun] })
  }
  const close = (): void => {
    setAdding(null)
    again()
  }
  return (
    <Panel
      title="Second factors"
      lead="A passkey cannot be phished: it answers to this address only. Have two, on different devices."
      action={
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => setAdding('passkey')}>Add a passkey</Button>
          <Button onClick={() => setAdding('app')}>
            {factors.data?.authenticatorApp === null ? 'Add an app' : 'Replace the app'}
          </Button>
        </div>
      }
    >
      {adding !== null && (
        <section aria-label={TITLES[adding]} className="border-b border-line bg-canvas p-4">
          <div className="flex items-start justify-between gap-3">
            <h3 className="mb-3 text-sm font-semibold">{TITLES[adding]}</h3>
            <Button look="quiet" onClick={close}>
              {adding === 'codes' ? 'Done' : 'Cancel'}
            </Button>
          </div>
          <div className="max-w-md">
            {adding === 'passkey' && <PasskeyMaker api={api} onAdded={close} />}
            {adding === 'app' && (
              <>
                {factors.data?.authenticatorApp !== null && (
                  <p className="mb-3 text-sm text-muted">
                    The app that you have works until the first code of the new one was right.
                  </p>
                )}
                <AuthenticatorApp api={api} onAdded={close} />
              </>
            )}
            {adding === 'codes' && (
              <>
                <p className="mb-3 text-sm text-muted">
                  Each works once, in place of a factor that you have lost. They are shown this once; those
                  from before work no more.
                </p>
                <RecoveryCodes api={api} />
              </>
            )}
          </div>
        </section>
      )}
      <Loaded query={factors} label="your second factors" rows={3}>
        {(data) => <FactorRows factors={data} onMakeCodes={() => setAdding('codes')} />}
      </Loaded>
    </Panel>
  )
}

interface Removal {
  readonly id: string
  readonly name: string
}

function FactorRows({
  factors,
  onMakeCodes,
}: {
  readonly factors: FactorsListOutput
  readonly onMakeCodes: () => void
}) {
  const { api } = useSession()
  const [removing, setRemoving] = useState<Removal | null>(null)
  const confirmed = useConfirmed()
  const { passkeys, authenticatorApp, recoveryCodesLeft } = factors
  const isLast = passkeys.length + (authenticatorApp === null ? 0 : 1) === 1
  const removal = (id: string, name: string) => (
    <Button look="danger" aria-label={`Remove ${name}`} onClick={() => setRemoving({ id, name })}>
      Remove
    </Button>
  )
  return (
    <>
      <ul>
        {passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
          <Row
            key={id}
            title={
              <>
                {name} <Chip tone="ok">passkey</Chip>
              </>
            }
            detail={<Used createdAt={createdAt} lastUsedAt={lastUsedAt} />}
            action={removal(id, name)}
          />
        ))}
        {authenticatorApp !== null && (
          <Row
            title="Authenticator app"
            detail={<Used createdAt={authenticatorApp.createdAt} lastUsedAt={authenticatorApp.lastUsedAt} />}
            action={removal(authenticatorApp.id, 'the authenticator app')}
          />
        )}
        <Row
          title={
            <>
              Recovery codes{' '}
              {recoveryCodesLeft < FEW_CODES && (
                <Chip tone={recoveryCodesLeft === 0 ? 'bad' : 'warn'}>{recoveryCodesLeft} left</Chip>
              )}
            </>
          }
          detail={
            recoveryCodesLeft === 0
              ? 'None: if you lose your devices, a recovery takes at least 72 hours.'
              : `${recoveryCodesLeft} of ten are left. New ones replace them.`
          }
          action={<Button onClick={onMakeCodes}>Make new ones</Button>}
        />
      </ul>
      {removing !== null && (
        <Confirm
          title={`Remove ${removing.name}?`}
          action="Remove it"
          danger
          onConfirm={() =>
            confirmed(() => api.factors.remove(removing.id), {
              done: 'It is removed, and your other sessions have ended.',
              refresh: ['factors', 'sessions', 'account', 'members'],
            })
          }
          onClose={() => setRemoving(null)}
        >
          It opens your account no more, and your other sessions end.
          {isLast &&
            ' It is your last second factor: it stays while a workspace of yours demands one. Add another first.'}
        </Confirm>
      )}
    </>
  )
}

function Used({ createdAt, lastUsedAt }: { readonly createdAt: string; readonly lastUsedAt: string | null }) {
  return (
    <>
      Added <Time at={createdAt} />
      {lastUsedAt === null ? (
        ', never used'
      ) : (
        <>
          , used <Time at={lastUsedAt} />
        </>
      )}
    </>
  )
}
