import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { AuditItem } from '@bulkhead/sdk'
import { formatTimeFull } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { IconButton } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Facts } from '../../ui/facts.tsx'
import { CrossIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { useListKeys } from '../../ui/use-list-keys.ts'
import { ActorName, actionWords } from './audit-words.tsx'
import { auditQueries } from './audit-queries.ts'
import { EntryProof } from './entry-proof.tsx'

/** One entry, over the page's lower edge: the list stays in sight. */
export function AuditEntryPanel({
  index,
  listed,
  isOperator,
  onClose,
}: {
  readonly index: number
  readonly listed: AuditItem | undefined
  readonly isOperator: boolean
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const heading = useRef<HTMLHeadingElement>(null)
  const query = useQuery({ ...auditQueries.entry(api, index), enabled: !isOperator })
  useEffect(() => heading.current?.focus(), [])
  useListKeys({ onMove: () => undefined, onLeave: onClose })
  return (
    <div
      role="region"
      aria-label={`Entry ${index}`}
      className="sticky bottom-0 max-h-[70vh] overflow-y-auto rounded-b-lg border-t-2 border-accent bg-surface shadow-[0_-8px_24px_rgb(0_0_0/0.12)]"
    >
      <div className="sticky top-0 flex items-center gap-2 border-b border-line bg-surface px-4 py-2.5">
        <h2 ref={heading} tabIndex={-1} className="text-base font-semibold outline-none">
          Entry {index}
        </h2>
        <IconButton label="Close the entry" onClick={onClose} className="ml-auto">
          <CrossIcon />
        </IconButton>
      </div>
      {isOperator ? (
        listed === undefined ? (
          <p className="p-4 text-sm text-muted">This entry is not in the list that is shown.</p>
        ) : (
          <EntryFacts entry={listed} />
        )
      ) : (
        <Loaded query={query} label="the entry">
          {(entry) => (
            <>
              <EntryFacts entry={entry} />
              <EntryProof entry={entry} />
            </>
          )}
        </Loaded>
      )}
    </div>
  )
}

function EntryFacts({ entry }: { readonly entry: AuditItem }) {
  return (
    <>
      <Facts
        rows={[
          ['What', `${actionWords(entry.action)} (${entry.action})`],
          ['Who', <ActorName key="actor" actor={entry.actor} />],
          [
            'On',
            entry.target === null ? (
              'nothing in particular'
            ) : (
              <code className="font-mono text-xs">{entry.target}</code>
            ),
          ],
          [
            'When',
            <span key="at" className="whitespace-pre-line">
              {formatTimeFull(new Date(entry.at))}
            </span>,
          ],
          ['Process', entry.process ?? 'erased'],
          ['Number in this workspace', entry.number === null ? 'erased' : entry.number.toLocaleString('en')],
        ]}
      />
      {entry.detail === null ? (
        <p className="px-4 py-3 text-sm text-muted">
          The record was erased with its workspace; its place in the tree stays.
        </p>
      ) : (
        Object.keys(entry.detail).length > 0 && (
          <div className="px-4 py-3">
            <CodeBlock label="Details" shown={JSON.stringify(entry.detail, null, 2)} />
          </div>
        )
      )}
    </>
  )
}
