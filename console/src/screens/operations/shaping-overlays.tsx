import type { ShapingOverlay } from '@bulkhead/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { useWorkspaceNames } from '../../session/workspace-names.ts'
import { Button } from '../../ui/button.tsx'
import { Check } from '../../ui/check.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { useMay } from '../../ui/guard.tsx'
import { CheckIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { operationsQueries } from './operations-queries.ts'
import type { ShapingSearch } from './operations-search.ts'
import { plainKey } from './queue-words.ts'

/** What was learnt from replies and is in force, with the replies; it can be lifted. */
export function ShapingOverlays({ search }: { readonly search: ShapingSearch }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const client = useQueryClient()
  const isAll = search.ended === true
  const overlays = useQuery(operationsQueries.overlays(api, isAll))
  const [lifting, setLifting] = useState<ShapingOverlay | null>(null)
  return (
    <>
      <div className="border-b border-line px-4 py-1.5">
        <Check
          label="Also what is over (30 days)"
          checked={isAll}
          onChange={(wanted) => {
            const { ended: _ended, ...others } = search
            void navigate({
              to: '/operations/shaping',
              search: wanted ? { ...others, ended: true } : others,
              replace: true,
            })
          }}
        />
      </div>
      <Loaded query={overlays} label="overlays">
        {({ data }) =>
          data.length === 0 ? (
            <Empty icon={<CheckIcon className="size-6" />} title="Nothing was learnt that holds now">
              When a site answers that it wants less, mail to it is slowed or stopped for a time, and what it
              said stands here.
            </Empty>
          ) : (
            <ul>
              {data.map((overlay) => (
                <Overlay key={overlay.id} overlay={overlay} onLift={() => setLifting(overlay)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {lifting !== null && (
        <Confirm
          title={`Lift what holds at ${lifting.place}`}
          action="Lift"
          onConfirm={async () => {
            await api.shaping.liftOverlay(lifting.id)
            await client.invalidateQueries({ queryKey: ['shaping'] })
          }}
          onClose={() => setLifting(null)}
        >
          Senders hear of it within two seconds, and mail goes on. What led to it counts no more; new replies
          of the same kind make another. The audit log records it.
        </Confirm>
      )}
    </>
  )
}

function Overlay({ overlay, onLift }: { readonly overlay: ShapingOverlay; readonly onLift: () => void }) {
  const mayNot = useMay('shaping:write')
  const nameOf = useWorkspaceNames()
  const isOver = overlay.endedAt !== null
  return (
    <li className="border-b border-line px-4 py-3 last:border-b-0" data-testid="overlay">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-72">
          <div className="flex flex-wrap items-center gap-2">
            <Chip tone={isOver ? 'neutral' : overlay.kind === 'suspend' ? 'bad' : 'warn'}>
              {overlay.kind === 'suspend' ? 'suspended' : 'slower'}
            </Chip>
            <Link
              to="/operations/queue"
              search={overlay.at === 'site' ? { site: overlay.place } : { provider: overlay.place }}
              className="rounded font-medium break-all hover:underline"
            >
              {overlay.place}
            </Link>
            <span className="text-xs text-muted">
              {overlay.workspaceId === null ? 'mail of all' : `mail of ${nameOf(overlay.workspaceId)}`}
              {overlay.source === null ? '' : `, from ${overlay.source}`}
            </span>
          </div>
          <p className="mt-1 text-sm break-words">
            {overlay.reason}
            {Object.keys(overlay.settings).length > 0 && (
              <span className="text-muted">
                {' '}
                (
                {Object.entries(overlay.settings)
                  .map(([key, value]) => `${plainKey(key)} ${String(value)}`)
                  .join(', ')}
                )
              </span>
            )}
          </p>
          <p className="text-xs text-muted">
            rule {overlay.rule}, {formatCount(overlay.hits)} {overlay.hits === 1 ? 'reply' : 'replies'}, since{' '}
            <Time at={overlay.madeAt} />,{' '}
            {overlay.endedAt === null ? (
              <>
                until <Time at={overlay.until} />
              </>
            ) : (
              <>
                ended <Time at={overlay.endedAt} />
                {overlay.endedBy !== null && ' by hand'}
              </>
            )}
          </p>
        </div>
        {!isOver && (
          <Button onClick={onLift} disabledReason={mayNot}>
            Lift
          </Button>
        )}
      </div>
      {overlay.evidence.length > 0 && <Evidence overlay={overlay} />}
    </li>
  )
}

function Evidence({ overlay }: { readonly overlay: ShapingOverlay }) {
  return (
    <details className="mt-2" open={overlay.endedAt === null && overlay.evidence.length <= 3}>
      <summary className={`${linkLook} w-fit text-xs`}>What was answered ({overlay.evidence.length})</summary>
      <ul className="mt-1.5 flex flex-col gap-1">
        {overlay.evidence.map((reply, place) => (
          <li
            key={`${reply.at} ${place}`}
            className="rounded bg-raised px-2.5 py-1.5 font-mono text-xs break-words"
          >
            <span className="text-muted">
              <Time at={reply.at} /> {reply.stage}, {reply.lane}:{' '}
            </span>
            {reply.code} {reply.enhanced} {reply.text}
          </li>
        ))}
      </ul>
    </details>
  )
}
