import type { QueueActsPreviewOutput } from '@bulkhead/sdk'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { describeFailure } from '../../api/problem.ts'
import { formatCount } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { cx } from '../../ui/cx.ts'
import { linkLook } from '../../ui/link.ts'
import { Time } from '../../ui/time.tsx'

const SITES_SHOWN = 4

/** What the act would touch: how many, where, some of them, and what to know before. */
export function ActPreview({
  preview,
  isCurrent,
}: {
  readonly preview: UseQueryResult<QueueActsPreviewOutput>
  readonly isCurrent: boolean
}) {
  if (preview.isError)
    return (
      <p role="alert" className="mb-4 text-sm break-words text-bad">
        {describeFailure(preview.error).detail}
      </p>
    )
  const shown = preview.data
  return (
    <section
      aria-label="What it would touch"
      aria-live="polite"
      aria-busy={!isCurrent}
      className={cx('mb-4 rounded-md bg-raised px-3 py-2.5 text-sm', !isCurrent && 'opacity-60')}
    >
      {shown === undefined ? 'Counting…' : <Shown shown={shown} />}
    </section>
  )
}

function Shown({ shown }: { readonly shown: QueueActsPreviewOutput }) {
  const { isOperator } = useAccess()
  const sites = shown.sites.slice(0, SITES_SHOWN)
  return (
    <>
      <p>
        It would touch{' '}
        <b className="tabular font-semibold" data-testid="expected">
          {shown.complete ? '' : 'at least '}
          {formatCount(shown.expected)}
        </b>{' '}
        {shown.expected === 1 ? 'recipient' : 'recipients'}
        {shown.oldestDue !== null && (
          <>
            , the oldest due <Time at={shown.oldestDue} />
          </>
        )}
        .
      </p>
      {sites.length > 0 && (
        <p className="mt-1 text-xs break-words text-muted">
          {sites
            .map(
              (row) =>
                `${formatCount(row.recipients)} ${row.lane} to ${row.provider ?? row.site ?? 'places not known yet'}`,
            )
            .join(' · ')}
          {shown.sites.length > SITES_SHOWN && ` · and ${shown.sites.length - SITES_SHOWN} more`}
        </p>
      )}
      {shown.notes.length > 0 && (
        <ul className="mt-2 list-disc pl-4 text-xs">
          {shown.notes.map((note) => (
            <li key={note} className="break-words">
              {note}
            </li>
          ))}
        </ul>
      )}
      {shown.examples.length > 0 && (
        <details className="mt-2 text-xs">
          <summary className="text-muted">For example</summary>
          <ul className="mt-1 flex flex-col gap-0.5">
            {shown.examples.map((example) => (
              <li key={`${example.messageId} ${example.recipient}`} className="break-all">
                {isOperator ? (
                  <span className="font-mono">{example.messageId}</span>
                ) : (
                  <Link
                    to="/messages/$messageId"
                    params={{ messageId: example.messageId }}
                    className={cx(linkLook, 'font-mono')}
                  >
                    {example.messageId}
                  </Link>
                )}{' '}
                <span className="text-muted">
                  {example.lane}, {example.state}
                  {example.site === null ? '' : `, ${example.site}`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}
