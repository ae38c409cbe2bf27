import type { QueueAct } from '@bulkhead/sdk'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useWorkspaceNames } from '../../session/workspace-names.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { useMay } from '../../ui/guard.tsx'
import { JobProgress } from '../../ui/job-progress.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { operationsQueries, useQueueCalls } from './operations-queries.ts'
import { ACT_WORDS, describeFilter } from './queue-words.ts'

/** Acts on the queue as jobs: what is at work, what stands, and what was done. */
export function QueueActs({
  state,
  onState,
}: {
  readonly state: 'open' | 'all'
  readonly onState: (state: 'open' | 'all') => void
}) {
  const calls = useQueueCalls()
  const acts = useInfiniteQuery(operationsQueries.acts(calls, state))
  const [undoing, setUndoing] = useState<QueueAct | null>(null)
  const client = useQueryClient()
  return (
    <Panel
      title="Acts"
      lead="What is paused or held, by whom, and how far it is."
      action={
        <Check
          label="Also what has ended"
          checked={state === 'all'}
          onChange={(isAll) => onState(isAll ? 'all' : 'open')}
        />
      }
    >
      <Listing
        query={acts}
        label="acts"
        empty={
          <p className="px-4 py-3 text-sm text-muted">
            {state === 'open' ? 'Nothing is paused or held by an act.' : 'Nobody has acted on the queue yet.'}
          </p>
        }
      >
        {(rows) => (
          <ul>
            {rows.map((item) => (
              <ActRow key={item.id} act={item} onUndo={() => setUndoing(item)} />
            ))}
          </ul>
        )}
      </Listing>
      {undoing !== null && (
        <Confirm
          title={undoing.kind === 'pause' ? 'Resume this' : 'Undo this act'}
          action={undoing.kind === 'pause' ? 'Resume' : 'Undo'}
          reason="required"
          onConfirm={async (reason) => {
            await calls.undo(undoing.id, reason)
            await client.invalidateQueries({ queryKey: ['queue'] })
          }}
          onClose={() => setUndoing(null)}
        >
          <p className="text-ink">
            {ACT_WORDS[undoing.kind].done} of {describeFilter(undoing.filter)}: “{undoing.reason}”
          </p>
          <p className="mt-2">{undoing.undoNote}</p>
        </Confirm>
      )}
    </Panel>
  )
}

const TONES: Readonly<Record<QueueAct['state'], Tone>> = {
  taking: 'info',
  returning: 'info',
  ending: 'bad',
  standing: 'warn',
  ended: 'neutral',
}

function ActRow({ act, onUndo }: { readonly act: QueueAct; readonly onUndo: () => void }) {
  const calls = useQueueCalls()
  const { isOperator } = useAccess()
  const nameOf = useWorkspaceNames()
  const mayNot = useMay(calls.writeScope)
  const cancel = useAct(() => calls.cancel(act.id), {
    done: 'Stopped where it was. What it did by then can be undone.',
    refresh: ['queue'],
  })
  // Of acts on the whole installation a workspace learns the reason alone.
  const isHidden = act.actor === null
  const label = `${ACT_WORDS[act.kind].done} of ${isHidden ? 'mail of the installation' : describeFilter(act.filter)}`
  return (
    <li className="border-b border-line px-4 py-3 last:border-b-0" data-testid="act" data-act={act.id}>
      {act.isAtWork ? (
        <JobProgress
          label={`${label}${STEP[act.state]}`}
          state="running"
          done={act.done}
          total={act.total}
          unit="recipients"
          {...(act.perSecond === null ? {} : { ratePerSecond: act.perSecond })}
          startedAt={act.startedAt}
          onCancel={act.canCancel && mayNot === undefined ? () => void cancel.run() : undefined}
        />
      ) : (
        <div className="flex flex-wrap items-center gap-2 text-sm">
          <Chip tone={TONES[act.state]}>{stateOf(act)}</Chip>
          <span className="font-medium break-words">{label}</span>
        </div>
      )}
      <div className="mt-1 flex flex-wrap items-end gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72 text-xs text-muted">
          <p className="break-words text-ink">“{act.reason}”</p>
          <p>
            by {WHO[act.by]}
            {act.workspaceId !== null && isOperator && `, mail of ${nameOf(act.workspaceId)}`},{' '}
            <Time at={act.madeAt} />
            {act.until !== null && act.state !== 'ended' && (
              <>
                , until <Time at={act.until} />
              </>
            )}
            {act.graceUntil !== null && act.state === 'standing' && (
              <>
                , ends mail <Time at={act.graceUntil} />
              </>
            )}
            {act.waitsFor !== null && `, waits for the end of a ${act.waitsFor}`}
          </p>
          {act.result !== '' && <p data-testid="result">{act.result}</p>}
          {act.inFlight > 0 && <p>{act.inFlight} are being attempted and are taken when they come back.</p>}
          {cancel.failure !== undefined && (
            <p role="alert" className="text-bad">
              {cancel.failure}
            </p>
          )}
        </div>
        {act.canUndo ? (
          <Button className="h-7 px-2" onClick={onUndo} disabledReason={mayNot}>
            {act.kind === 'pause' ? 'Resume' : 'Undo'}
          </Button>
        ) : (
          act.state !== 'ended' &&
          act.by !== 'workspace' && <span className="text-xs text-muted">Only {WHO[act.by]} ends it.</span>
        )}
      </div>
    </li>
  )
}

const WHO: Readonly<Record<QueueAct['by'], string>> = {
  workspace: 'the workspace',
  operator: 'the operator',
  staff: 'staff',
}

const STEP: Readonly<Record<QueueAct['state'], string>> = {
  taking: '',
  standing: '',
  returning: ': giving back',
  ending: ': ending mail',
  ended: '',
}

function stateOf(act: QueueAct): string {
  if (act.state === 'ended') return act.outcome ?? 'ended'
  if (act.outcome === 'cancelled') return 'cancelled, holds'
  return act.kind === 'pause' ? 'paused' : act.kind === 'expire' ? 'held to end' : 'held'
}
