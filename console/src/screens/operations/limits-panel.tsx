import type { Quota, QuotasSetInput } from '@bulkhead/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { useMay } from '../../ui/guard.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { Bar } from './bar.tsx'
import { LimitsEditor } from './limits-editor.tsx'

export type WantedLimits = QuotasSetInput['limits']

/** The limits of one layer with their use; with `onSave` they can be set. */
export function LimitsPanel({
  title,
  lead,
  none,
  limits,
  writeScope,
  onSave,
}: {
  readonly title: string
  readonly lead: string
  /** What is said where there are none. */
  readonly none: string
  readonly limits: readonly Quota[]
  readonly writeScope?: string
  readonly onSave?: (limits: WantedLimits) => Promise<unknown>
}) {
  const mayNot = useMay(writeScope ?? '')
  const client = useQueryClient()
  const [isEditing, setIsEditing] = useState(false)
  return (
    <Panel
      title={title}
      lead={lead}
      action={
        onSave !== undefined && (
          <Button onClick={() => setIsEditing(true)} disabledReason={mayNot}>
            {limits.length === 0 ? 'Set a limit' : 'Change'}
          </Button>
        )
      }
    >
      {limits.length === 0 ? (
        <p className="px-4 py-3 text-sm text-muted">{none}</p>
      ) : (
        <ul>
          {limits.map((limit) => (
            <Limit key={`${limit.credential?.id ?? ''} ${limit.name}`} limit={limit} />
          ))}
        </ul>
      )}
      {isEditing && onSave !== undefined && (
        <LimitsEditor
          title={title}
          limits={limits}
          onSave={async (wanted) => {
            await onSave(wanted)
            await client.invalidateQueries({ queryKey: ['quotas'] })
          }}
          onClose={() => setIsEditing(false)}
        />
      )}
    </Panel>
  )
}

/** One limit: what it is, how much of it is used, when it is whole again. */
export function Limit({ limit }: { readonly limit: Quota }) {
  return (
    <li className="grid gap-x-6 gap-y-1 border-b border-line px-4 py-2.5 last:border-b-0 sm:grid-cols-2">
      <div className="min-w-0 text-sm">
        <p className="font-medium">
          {formatCount(limit.amount)} a {limit.period}
        </p>
        <p className="text-xs break-words text-muted">
          {limit.lane === 'all' ? 'all lanes' : limit.lane}
          {limit.credential !== null && `, ${limit.credential.name}`}
          {limit.burst !== limit.amount && `, ${formatCount(limit.burst)} at once`}
        </p>
      </div>
      <div className="min-w-0">
        <Bar
          label={limit.name}
          used={limit.used}
          of={limit.burst}
          words={`${formatCount(limit.used)} used, ${formatCount(limit.remaining)} left`}
        />
        <p className="text-xs text-muted">
          {limit.used === 0 ? 'Counted since' : 'Whole again'}{' '}
          <Time at={limit.used === 0 ? limit.countedSince : limit.resetsAt} />
        </p>
      </div>
    </li>
  )
}
