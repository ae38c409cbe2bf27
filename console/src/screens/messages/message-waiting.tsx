import { useQuery } from '@tanstack/react-query'
import type { ShapingExplained } from '@bulkhead/sdk'
import type { Message } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { Time } from '../../ui/time.tsx'
import { messagesQueries } from './messages-queries.ts'

const SHOWN_MAX = 10
const WAITING = ['pending', 'scheduled', 'held'] as const

type Waiting = ShapingExplained['recipients'][number]

/** Why recipients wait, and what comes next. Nothing where nobody waits, or where the server does not say. */
export function MessageWaiting({
  message,
  recipient,
}: {
  readonly message: Message
  readonly recipient: number | undefined
}) {
  const { api } = useSession()
  const isWaiting = WAITING.some((state) => (message.states[state] ?? 0) > 0)
  const explained = useQuery(messagesQueries.waiting(api, message.id, isWaiting))
  if (!isWaiting || explained.data === undefined) return null
  const all = explained.data.recipients.filter(
    ({ number }) => recipient === undefined || number === recipient,
  )
  if (all.length === 0) return null
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting" className="mb-2 text-base font-semibold">
        Why it waits
      </h2>
      <ul className="rounded-lg border border-line bg-surface">
        {all.slice(0, SHOWN_MAX).map((row) => (
          <Row key={row.number} row={row} isOnly={message.recipientCount === 1} />
        ))}
      </ul>
      {all.length > SHOWN_MAX && (
        <p className="mt-1.5 text-xs text-muted">
          And {formatCount(all.length - SHOWN_MAX)} more; choose a recipient above.
        </p>
      )}
    </section>
  )
}

function Row({ row, isOnly }: { readonly row: Waiting; readonly isOnly: boolean }) {
  const isDue = Date.parse(row.nextAttemptAt) <= Date.now()
  const reply = row.lastReplies[0]
  return (
    <li className="border-b border-line px-3 py-2.5 text-sm last:border-b-0 sm:px-4">
      {!isOnly && <p className="font-medium break-all">{row.email}</p>}
      <p>{row.why}</p>
      <p className="mt-0.5 text-xs text-muted">
        {isDue ? (
          'Due now'
        ) : (
          <>
            Next try <Time at={row.nextAttemptAt} />
          </>
        )}
        ; given up <Time at={row.expiresAt} />
        {row.site !== null && (
          <>
            {' '}
            · site <span className="font-mono">{row.site}</span>
          </>
        )}
        {row.provider !== null && <> · {row.provider}</>}
      </p>
      {reply !== undefined && (
        <p className="mt-1 font-mono text-xs break-words text-muted">
          {reply.code} {reply.text}
        </p>
      )}
      {(row.overlays.length > 0 || row.because.length > 0) && (
        <details className="mt-1.5 text-xs">
          <summary className="w-fit cursor-pointer rounded text-muted hover:text-ink">
            What limits hold there
          </summary>
          {row.overlays.map((overlay) => (
            <p key={overlay.id} className="mt-1.5">
              <Chip tone="warn">{overlay.kind === 'suspend' ? 'suspended' : 'slowed'}</Chip> {overlay.reason}{' '}
              (rule {overlay.rule}, until <Time at={overlay.until} />)
            </p>
          ))}
          <table className="mt-1.5 w-full text-left">
            <caption className="sr-only">Limits, and which layer decided them</caption>
            <tbody>
              {row.because.map(({ key, value, layer, rule }) => (
                <tr key={key} className="border-t border-line">
                  <th scope="row" className="py-1 pr-3 font-normal text-muted">
                    {key}
                  </th>
                  <td className="py-1 pr-3 font-mono">{value}</td>
                  <td className="py-1 text-muted">
                    {layer}
                    <span className="max-sm:hidden"> · {rule}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </li>
  )
}
