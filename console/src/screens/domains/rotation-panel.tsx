import type { Domain } from '@bulkhead/sdk'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { cx } from '../../ui/cx.ts'
import { CheckIcon } from '../../ui/icons.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** How far a change of keys is, step by step, and how to call it off. */
export function RotationPanel({
  domain,
  mayNot,
}: {
  readonly domain: Domain
  readonly mayNot: string | undefined
}) {
  const { api } = useSession()
  const [isAsking, setIsAsking] = useState(false)
  const cancel = useAct(() => api.domains.cancelRotation(domain.id), {
    done: 'The change of keys is called off.',
    refresh: ['domains'],
  })
  const { rotation } = domain
  if (rotation === null) return null
  const pending = domain.records.filter(({ dkim }) => dkim?.state === 'pending')
  const found = pending.filter(({ state }) => state === 'ok').length
  const at = { waiting: 1, retiring: 2, removable: 3 }[rotation.state]
  const steps = [
    { title: 'New keys are made', detail: 'Their private halves stay in the keyring.' },
    {
      title: 'Publish their records',
      detail:
        pending.length > 0
          ? `${found} of ${pending.length} found. Each signs as soon as it is there; until then the keys of now sign.`
          : 'All found; the new keys sign.',
    },
    {
      title: 'Leave the old records',
      detail:
        rotation.until === null ? (
          'For 7 days: mail under way was signed with the old keys.'
        ) : (
          <>
            Until <Time at={rotation.until} />: mail under way was signed with the old keys.
          </>
        ),
    },
    { title: 'Delete the old records', detail: 'The old private keys are destroyed by then.' },
  ]
  return (
    <Panel
      title="Change of keys"
      lead="At every moment mail carries a signature that receivers can check."
      action={
        rotation.state === 'waiting' && (
          <Button disabledReason={mayNot} onClick={() => setIsAsking(true)}>
            Call it off
          </Button>
        )
      }
    >
      <ol className="grid gap-x-6 gap-y-3 px-4 py-3 sm:grid-cols-2 lg:grid-cols-4">
        {steps.map(({ title, detail }, place) => (
          <li key={title} aria-current={place === at ? 'step' : undefined} className="flex gap-2.5 text-sm">
            <span
              className={cx(
                'tabular mt-px inline-flex size-5 shrink-0 items-center justify-center rounded-full text-xs',
                place < at && 'bg-ok-soft text-ok',
                place === at && 'bg-accent text-accent-ink',
                place > at && 'bg-raised text-muted',
              )}
            >
              {place < at ? <CheckIcon className="size-3" /> : place + 1}
            </span>
            <div className="min-w-0">
              <p className={cx('font-medium', place > at && 'text-muted')}>
                {title}
                <span className="sr-only">{place < at ? ' (done)' : ''}</span>
              </p>
              <p className="text-xs text-muted">{detail}</p>
            </div>
          </li>
        ))}
      </ol>
      {isAsking && (
        <Confirm
          title="Call off the change of keys?"
          action="Call it off"
          danger
          onConfirm={() => cancel.orThrow()}
          onClose={() => setIsAsking(false)}
        >
          The new keys are destroyed. The keys of now go on signing. Delete records of the new keys that you
          have published already.
        </Confirm>
      )}
    </Panel>
  )
}

/** Asks before keys are changed, and says what will happen. */
export function RotateKeys({ domain, onClose }: { readonly domain: Domain; readonly onClose: () => void }) {
  const { api } = useSession()
  const [isEmergency, setIsEmergency] = useState(false)
  const rotate = useAct(() => api.domains.rotateDkim(domain.id, { emergency: isEmergency }), {
    done: isEmergency ? 'The standby key signs now.' : 'New keys are made. Publish their records.',
    refresh: ['domains'],
  })
  const standby = domain.records.find(({ dkim }) => dkim?.state === 'standby')
  return (
    <Confirm
      title={`Change the DKIM keys of ${domain.name}?`}
      action={isEmergency ? 'Change over now' : 'Make new keys'}
      danger={isEmergency}
      onConfirm={() => rotate.orThrow()}
      onClose={onClose}
    >
      {isEmergency ? (
        <ol className="list-decimal space-y-1 pl-5 text-ink">
          <li>DNS is asked for the standby key. If it is there, it signs from now on.</li>
          <li>All keys that signed before stop, and are destroyed after an hour.</li>
          <li>Delete their records then: mail under way that they signed may fail the check.</li>
          <li>You get records for a new standby key.</li>
        </ol>
      ) : (
        <ol className="list-decimal space-y-1 pl-5 text-ink">
          <li>New keys are made, with names that were never used.</li>
          <li>You publish their records. The old ones stay, and the keys of now go on signing.</li>
          <li>As soon as DNS shows them, the new keys sign. We look every minute at first.</li>
          <li>After 7 days the old keys are destroyed, and this page says which records to delete.</li>
        </ol>
      )}
      <div className="mt-3">
        <Check
          label="A key may be in wrong hands: change over to the standby key at once"
          checked={isEmergency}
          onChange={setIsEmergency}
          disabledReason={standby === undefined ? 'There is no standby key.' : undefined}
        />
      </div>
    </Confirm>
  )
}
