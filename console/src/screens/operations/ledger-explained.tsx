import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import { RECIPIENT_STATES, type Ledger, type RecipientState } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip, STATE_TONES } from '../../ui/chip.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { operationsQueries } from './operations-queries.ts'

const MEANS: Readonly<Record<RecipientState, string>> = {
  delivered: 'The other side took it.',
  bounced: 'The other side refused it for good.',
  expired: 'Its time ran out before anybody took it.',
  suppressed: 'Its address is on a suppression list; nothing was sent.',
  cancelled: 'Somebody took it back in time.',
  uncertain: 'The connection broke where nobody can know whether it arrived.',
  pending: 'It waits for a sender or its next attempt.',
  scheduled: 'Its time has not come.',
  held: 'An act, a containment or a new sender keeps it.',
}

const EQUATION = 'Everybody who was ever accepted is in exactly one of these states.'

/** The ledger equation, term by term; each leads to the messages that it counts. */
export function LedgerExplained() {
  const { api } = useSession()
  const ledger = useQuery(queries.ledger(api))
  return (
    <Panel
      title="The ledger"
      lead={`${EQUATION} The two sides are counted from different tables, all the time.`}
      action={ledger.data === undefined ? undefined : <Balance ledger={ledger.data} />}
    >
      <Loaded query={ledger} label="the ledger">
        {(data) => <Terms ledger={data} leads />}
      </Loaded>
    </Panel>
  )
}

/** The same of all workspaces, as a worker counted it last. Mail of others is not the operator's to look at: the terms lead nowhere. */
export function InstallationLedger() {
  const { api } = useSession()
  const ledger = useQuery(operationsQueries.installationLedger(api))
  return (
    <Panel
      title="The ledger of the installation"
      lead={`${EQUATION} A worker counts both sides from different tables, every 15 seconds or as often as is cheap.`}
      action={ledger.data === undefined ? undefined : <Balance ledger={ledger.data} />}
    >
      <Loaded query={ledger} label="the ledger of the installation">
        {(data) => (
          <>
            <Terms ledger={data} leads={false} />
            <p className="px-4 py-2 text-xs text-muted">
              Counted <Time at={data.countedAt} />
            </p>
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function Balance({ ledger }: { readonly ledger: Ledger }) {
  return ledger.balanced ? (
    <Chip tone="ok">balanced</Chip>
  ) : (
    <Chip tone="bad">
      {formatCount(ledger.lost)} lost, {formatCount(ledger.doubled)} doubled
    </Chip>
  )
}

function Terms({ ledger, leads }: { readonly ledger: Ledger; readonly leads: boolean }) {
  return (
    <>
      {!ledger.balanced && (
        <div className="p-3">
          <Note tone="bad" title="The equation does not hold">
            This is a fault of the server. Whoever runs it should copy the database and the directory of the
            senders before anything else, and report it.
          </Note>
        </div>
      )}
      <dl className="grid grid-cols-[max-content_max-content_1fr] items-baseline text-sm">
        <Term sign="" count={ledger.accepted} means="Recipients that were accepted.">
          {leads ? (
            <Link to="/messages" className="rounded hover:underline">
              accepted
            </Link>
          ) : (
            'accepted'
          )}
        </Term>
        {RECIPIENT_STATES.map((state, place) => (
          <Term key={state} sign={place === 0 ? '=' : '+'} count={ledger[state]} means={MEANS[state]}>
            {leads ? (
              <Link to="/messages" search={{ state }} className="rounded hover:underline">
                <Chip tone={STATE_TONES[state]}>{state}</Chip>
              </Link>
            ) : (
              <Chip tone={STATE_TONES[state]}>{state}</Chip>
            )}
          </Term>
        ))}
      </dl>
    </>
  )
}

function Term({
  sign,
  count,
  means,
  children,
}: {
  readonly sign: string
  readonly count: number
  readonly means: string
  readonly children: React.ReactNode
}) {
  return (
    <div className="col-span-3 grid grid-cols-subgrid items-baseline border-b border-line px-4 py-1.5 last:border-b-0">
      <dt className="contents">
        <span className="tabular pr-3 text-right font-semibold">
          <span className="mr-1.5 font-normal text-muted">{sign}</span>
          {formatCount(count)}
        </span>
        <span className="pr-4">{children}</span>
      </dt>
      <dd className="text-xs text-muted">{means}</dd>
    </div>
  )
}
