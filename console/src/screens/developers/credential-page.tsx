import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { Facts } from '../../ui/facts.tsx'
import { useMay } from '../../ui/guard.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { CredentialQuotas } from './credential-quotas.tsx'
import type { CredentialKind } from './credential-kinds.ts'
import { idleHint, stateOf, type Credential } from './credential-state.ts'
import { LastUse } from './last-use.tsx'
import { RevokeCredential } from './revoke-credential.tsx'
import { RotateCredential } from './rotate-credential.tsx'
import { StateChip } from './state-chip.tsx'

/** One credential: what it may do, who uses it, how to replace it and how to end it. `made` is what a rotation has just brought. */
export function CredentialPage<Row extends Credential, Made>({
  kind,
  id,
  query,
  facts,
  rotate,
  made: renderMade,
  children,
}: {
  readonly kind: CredentialKind
  readonly id: string
  readonly query: UseQueryResult<{ readonly rows: Row[]; readonly isWhole: boolean }>
  /** What only this kind has. */
  readonly facts: (row: Row) => readonly (readonly [label: string, value: ReactNode])[]
  readonly rotate: (row: Row, overlapHours: number) => Promise<Made>
  readonly made: (made: Made) => ReactNode
  /** What stands below: how to use it. */
  readonly children: (row: Row) => ReactNode
}) {
  const mayNot = useMay(kind.writeScope)
  const mayNotMake = useAllowed(kind.writeScope, 'credential')
  const [open, setOpen] = useState<'rotate' | 'revoke'>()
  const [made, setMade] = useState<Made>()
  const back = (
    <Link to={kind.path} className={linkLook}>
      {kind.many}
    </Link>
  )
  const row = query.data?.rows.find((one) => one.id === id)
  const nowMs = Date.now()
  const state = row === undefined ? undefined : stateOf(row, nowMs)
  const successor = query.data?.rows.find((one) => one.rotatedFrom === id)
  const mayNotRotate =
    mayNotMake ??
    (state?.isAlive === false
      ? 'It no longer works: make a new one.'
      : successor === undefined
        ? undefined
        : 'It was rotated before: rotate its successor.')
  return (
    <Page
      title={row?.name ?? kind.one}
      back={back}
      width="reading"
      actions={
        row !== undefined && (
          <>
            <Button onClick={() => setOpen('rotate')} disabledReason={mayNotRotate}>
              Rotate
            </Button>
            <Button
              look="danger"
              onClick={() => setOpen('revoke')}
              disabledReason={mayNot ?? (row.revokedAt === null ? undefined : 'It is revoked.')}
            >
              Revoke
            </Button>
          </>
        )
      }
    >
      <Loaded query={query} label={`the ${kind.one}`}>
        {() =>
          row === undefined ? (
            <Empty title={`There is no such ${kind.one}`}>It may belong to another workspace.</Empty>
          ) : (
            <>
              {made !== undefined && renderMade(made)}
              {idleHint(row, nowMs) !== undefined && (
                <Note tone="warn" title={`This ${kind.one} seems forgotten: ${idleHint(row, nowMs)}`}>
                  Revoke it if nobody misses it. What does not work cannot leak.
                </Note>
              )}
              {row.leakedAt !== undefined && row.leakedAt !== null && state?.isAlive === true && (
                <Note tone="bad" title="It was reported as leaked">
                  It works only where it worked before, and ends soon. Rotate it now.
                </Note>
              )}
              <Panel title="What it is">
                <Facts
                  rows={[
                    ['State', <StateChip key="state" credential={row} nowMs={nowMs} />],
                    ...facts(row),
                    ['Last use', <LastUse key="use" credential={row} />],
                    ['Works from', listOr(row.allowedCidrs, 'everywhere')],
                    ['Sends as', listOr(row.allowedSenders, 'every sender of the workspace')],
                    ['Made', <Time key="made" at={row.createdAt} />],
                    ['Expires', row.expiresAt === null ? 'never' : <Time key="end" at={row.expiresAt} />],
                    ...chain(kind, row, successor?.id),
                    ['Id', <code key="id">{row.id}</code>],
                  ]}
                />
              </Panel>
              {state?.isAlive === true && <CredentialQuotas kind={kind} credential={row} />}
              {state?.isAlive === true && made === undefined && children(row)}
              {open === 'rotate' && (
                <RotateCredential
                  kind={kind}
                  credential={row}
                  rotate={async (hours) => setMade(await rotate(row, hours))}
                  onClose={() => setOpen(undefined)}
                />
              )}
              {open === 'revoke' && (
                <RevokeCredential kind={kind} credential={row} onClose={() => setOpen(undefined)} />
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function listOr(items: readonly string[], none: string): ReactNode {
  if (items.length === 0) return <span className="text-muted">{none}</span>
  return <span className="font-mono text-xs">{items.join(', ')}</span>
}

function chain(
  kind: CredentialKind,
  row: Credential,
  successorId: string | undefined,
): (readonly [label: string, value: ReactNode])[] {
  const link = (id: string): ReactNode => (
    <Link to={kind.path} search={{ id }} className={linkLook}>
      <code>{id}</code>
    </Link>
  )
  return [
    ...(row.rotatedFrom === null ? [] : ([['In place of', link(row.rotatedFrom)]] as const)),
    ...(successorId === undefined ? [] : ([['Replaced by', link(successorId)]] as const)),
  ]
}
