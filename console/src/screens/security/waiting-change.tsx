import { Link } from '@tanstack/react-router'
import type { Change, Member } from '@bulkhead/sdk'
import { useState } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { changeWords } from '../../ui/change-words.ts'
import { Chip } from '../../ui/chip.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { ChangeTarget } from './change-target.tsx'
import { actorWords, counted, nameOfMember } from './people-words.ts'
import { useConfirmed } from './use-confirmed.ts'

const REFRESH = ['changes', 'members', 'senders', 'domains', 'webhooks', 'messages', 'alerts'] as const

/** A change that does nothing yet, and the decision about it. */
export function WaitingChange({
  change,
  members,
}: {
  readonly change: Change
  readonly members: readonly Member[]
}) {
  const { api, person } = useSession()
  const { role, can } = useAccess()
  const [deciding, setDeciding] = useState<'approve' | 'reject' | null>(null)
  const confirmed = useConfirmed()
  const target = members.find(({ id }) => id === change.target)
  const words = changeWords(change, target === undefined ? undefined : nameOfMember(target))
  const isOwn =
    person !== null && (change.actor === person.account.id || target?.personId === person.account.id)
  const refusal = !can('members:write')
    ? 'It takes the scope members:write, which you lack.'
    : role !== 'owner'
      ? 'Only an owner decides, and one who is not new.'
      : isOwn
        ? 'Another owner must decide: you made this change, or it is about you.'
        : undefined
  return (
    <Panel
      title={words.what}
      lead={change.unexplained ? undefined : `Waits, and counts by itself later. Until then: ${words.before}`}
      action={
        <div className="flex flex-wrap gap-2">
          <Button look="main" disabledReason={refusal} onClick={() => setDeciding('approve')}>
            Approve
          </Button>
          <Button look="danger" disabledReason={refusal} onClick={() => setDeciding('reject')}>
            Reject
          </Button>
        </div>
      }
    >
      {change.unexplained && (
        <div className="p-4 pb-2">
          <Note tone="bad" title="Nobody did this through Bulkhead">
            The audit log knows of no act behind it: somebody wrote to the database past the product. Treat
            the database as broken into. Reject it, and{' '}
            <Link to="/security/containment" className={linkLook}>
              contain the workspace
            </Link>
            .
          </Note>
        </div>
      )}
      <Facts
        rows={[
          ['From', words.before],
          ['To', words.after],
          [
            'By',
            <span key="by">
              {actorWords(change.actor, members)}, <Time at={change.at} />
            </span>,
          ],
          ['What', <ChangeTarget key="what" change={change} />],
          ...(change.inertUntil === null
            ? []
            : [['Counts by itself', <Time key="until" at={change.inertUntil} />] as const]),
          [
            'Can be undone',
            'Until it is approved or its time has come. Afterwards it is removed as any other.',
          ],
          ...(change.messagesHeld > 0
            ? [
                [
                  'Held mail',
                  <Chip key="held" tone="warn">
                    {counted(change.messagesHeld, 'message')}
                  </Chip>,
                ] as const,
              ]
            : []),
        ]}
      />
      {refusal !== undefined && <p className="px-4 py-2.5 text-sm text-muted">{refusal}</p>}
      {deciding === 'approve' && (
        <Confirm
          title="Is it yours?"
          action="Approve"
          onConfirm={() =>
            confirmed(() => api.changes.approve(change.id), {
              done: 'It counts now.',
              refresh: REFRESH,
            })
          }
          onClose={() => setDeciding(null)}
        >
          {words.what}. Once approved: {words.after}{' '}
          {change.messagesHeld > 0 && `${counted(change.messagesHeld, 'held message')} goes out at once. `}
          Ask whoever made it, not by mail, if you do not know.
        </Confirm>
      )}
      {deciding === 'reject' && (
        <Confirm
          title="Take it away?"
          action="Reject"
          danger
          onConfirm={() =>
            confirmed(() => api.changes.reject(change.id), {
              done: 'It is taken away.',
              refresh: REFRESH,
            })
          }
          onClose={() => setDeciding(null)}
        >
          {words.what}. {words.reject} If nobody of you did this, end the sessions of whoever is named, or
          revoke the key.
        </Confirm>
      )}
    </Panel>
  )
}
