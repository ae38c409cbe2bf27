import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import { RECIPIENT_STATES, type MessageSummary } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { StateChip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'

/** The last few messages, each with what became of it. */
export function LatestMessages() {
  const { api } = useSession()
  const latest = useQuery(queries.latestMessages(api))
  return (
    <Panel
      title="Latest messages"
      action={
        <Link to="/messages" className={linkLook}>
          All messages
        </Link>
      }
    >
      <Loaded query={latest} label="the latest messages" rows={3}>
        {({ data }) => (
          <DataTable
            label="Latest messages"
            rows={data}
            rowKey={({ id }) => id}
            linkTo={({ id }) => ({ to: '/messages/$messageId', params: { messageId: id } })}
            columns={COLUMNS}
          />
        )}
      </Loaded>
    </Panel>
  )
}

const COLUMNS: readonly Column<MessageSummary>[] = [
  { id: 'subject', header: 'Subject', cell: subjectOf },
  {
    id: 'to',
    header: 'To',
    hideBelow: 'md',
    cell: ({ to, recipientCount }) => (
      <span className="text-muted">
        {to[0] ?? `${recipientCount} recipients`}
        {to.length > 0 && recipientCount > 1 && ` and ${recipientCount - 1} more`}
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ states, recipientCount }) => (
      <span className="flex flex-wrap gap-1">
        {RECIPIENT_STATES.filter((state) => (states[state] ?? 0) > 0).map((state) => (
          <StateChip
            key={state}
            state={state}
            {...(recipientCount > 1 ? { count: states[state] ?? 0 } : {})}
          />
        ))}
      </span>
    ),
  },
  {
    id: 'at',
    header: 'Accepted',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ createdAt }) => <Time at={createdAt} className="text-xs text-muted" />,
  },
]

function subjectOf({ sensitive, subject }: MessageSummary) {
  if (sensitive) return subject ?? 'Sensitive message'
  return subject || <span className="text-muted italic">no subject</span>
}
