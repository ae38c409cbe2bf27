import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import type { Quota } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import type { CredentialKind } from './credential-kinds.ts'
import type { Credential } from './credential-state.ts'
import { developerQueries } from './developers-queries.ts'

const PERIODS = ['minute', 'hour', 'day', 'month'] as const
type Period = (typeof PERIODS)[number]

/** How much one credential may send: what a key that runs away costs at most. */
export function CredentialQuotas({
  kind,
  credential,
}: {
  readonly kind: CredentialKind
  readonly credential: Credential
}) {
  const { api } = useSession()
  const { can } = useAccess()
  const quotas = useQuery({ ...developerQueries.quotas(api), enabled: can('messages:read') })
  const [isOpen, setIsOpen] = useState(false)
  const mayNot = useAllowed(kind.writeScope, 'write')
  if (!can('messages:read')) return null
  const own = quotas.data?.data.filter((quota) => quota.credential?.id === credential.id) ?? []
  return (
    <Panel
      title="How much it may send"
      lead="In recipients. The limits of the workspace hold besides."
      action={
        <Button onClick={() => setIsOpen(true)} disabled={!quotas.isSuccess} disabledReason={mayNot}>
          {own.length === 0 ? 'Set a limit' : 'Change'}
        </Button>
      }
    >
      <Loaded query={quotas} label="limits" rows={1}>
        {() =>
          own.length === 0 ? (
            <p className="px-4 py-3 text-sm text-muted">It has no limit of its own.</p>
          ) : (
            <ul>
              {own.map((quota) => (
                <Row
                  key={quota.name}
                  title={
                    <>
                      {formatCount(quota.amount)} a {quota.period}
                      {quota.lane !== 'all' && <Chip>{quota.lane}</Chip>}
                    </>
                  }
                  detail={
                    <>
                      {formatCount(quota.used)} used, {formatCount(quota.remaining)} left; unused again{' '}
                      <Time at={quota.resetsAt} />
                    </>
                  }
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {isOpen && <QuotaForm kind={kind} credential={credential} own={own} onClose={() => setIsOpen(false)} />}
    </Panel>
  )
}

/** The burst that was set apart from the amount, elsewhere: it stays. One that equals the amount is none, and follows the new amount. */
function burstOf(own: readonly Quota[], period: Period): { readonly burst?: number } {
  const before = own.find((quota) => quota.period === period && quota.lane === 'all')
  const isRate = period === 'minute' || period === 'hour'
  return before === undefined || !isRate || before.burst === before.amount ? {} : { burst: before.burst }
}

/** One amount for each period; limits of single lanes, which this form does not show in fields, stay as they are. */
function QuotaForm({
  kind,
  credential,
  own,
  onClose,
}: {
  readonly kind: CredentialKind
  readonly credential: Credential
  readonly own: readonly Quota[]
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const begin = (period: Period): string =>
    String(own.find((quota) => quota.period === period && quota.lane === 'all')?.amount ?? '')
  const [amounts, setAmounts] = useState<Readonly<Record<Period, string>>>({
    minute: begin('minute'),
    hour: begin('hour'),
    day: begin('day'),
    month: begin('month'),
  })
  const act = useAct(
    () =>
      kind.setQuotas(api, credential.id, [
        ...own
          .filter(({ lane }) => lane !== 'all')
          .map(({ lane, period, amount, burst }) => ({
            lane,
            period,
            amount,
            ...(period === 'minute' || period === 'hour' ? { burst } : {}),
          })),
        ...PERIODS.filter((period) => amounts[period] !== '').map((period) => ({
          lane: 'all' as const,
          period,
          amount: Number(amounts[period]),
          ...burstOf(own, period),
        })),
      ]),
    { done: 'The limits are in force within two seconds.', refresh: ['quotas'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run().then((isDone) => {
      if (isDone) onClose()
    })
  }
  return (
    <Dialog title={`How much “${credential.name}” may send`} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mb-4 text-sm text-muted">Recipients; leave out what shall not be limited.</p>
        <div className="grid grid-cols-2 gap-3">
          {PERIODS.map((period) => (
            <label key={period} className="text-sm font-medium">
              A {period}
              <input
                type="number"
                min={1}
                max={1_000_000_000}
                value={amounts[period]}
                onChange={(event) => setAmounts({ ...amounts, [period]: event.target.value })}
                placeholder="no limit"
                className="tabular mt-1 h-9 w-full rounded-md border border-line-strong bg-surface px-3 text-sm font-normal placeholder:text-muted"
              />
            </label>
          ))}
        </div>
        {act.failure !== undefined && (
          <p role="alert" className="mt-4 text-sm text-bad">
            {act.failure}
          </p>
        )}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
