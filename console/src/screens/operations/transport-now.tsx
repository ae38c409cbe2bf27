import type { TlsShowOutput } from '@bulkhead/sdk'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { operationsQueries } from './operations-queries.ts'
import { POLICY_WORDS, resultWords } from './tls-words.ts'

const FILLS = { dane: 'bg-ok', sts: 'bg-info', none: 'bg-line-strong' } as const
const DANE_WORDS = {
  on: 'DANE is on',
  off: 'DANE is off',
  'not-validating': 'The resolver proves nothing',
  unreachable: 'The resolver does not answer',
} as const

/** How destinations are protected now, problems first. */
export function TransportNow() {
  const { api } = useSession()
  const state = useQuery(operationsQueries.transport(api))
  return (
    <Loaded query={state} label="the state of transport">
      {(data) => (
        <div className="flex flex-col gap-4 p-4">
          <Problems
            problems={data.problems}
            sessions={data.shares.reduce((sum, { sessions }) => sum + sessions, 0)}
          />
          <Shares shares={data.shares} />
          <Note
            tone={data.dane.state === 'on' ? 'info' : data.dane.state === 'unreachable' ? 'bad' : 'warn'}
            {...(data.dane.advice === null ? { title: DANE_WORDS[data.dane.state] } : {})}
          >
            {data.dane.advice ??
              `Servers are verified by their TLSA records, which ${data.dane.resolver ?? 'the resolver'} validates.`}
          </Note>
          <p className="text-sm text-muted">
            {data.reportsSent
              ? 'Domains that ask for it get a daily report of our sessions with their servers.'
              : 'No reports are sent to other domains: BULKHEAD_TLS_REPORTS is off.'}
          </p>
        </div>
      )}
    </Loaded>
  )
}

function Problems({
  problems,
  sessions,
}: {
  readonly problems: TlsShowOutput['problems']
  readonly sessions: number
}) {
  if (sessions === 0 && problems.length === 0)
    return <p className="text-sm text-muted">No session was counted today or yesterday (UTC).</p>
  if (problems.length === 0)
    return (
      <p className="text-sm text-ok">
        All {formatCount(sessions)} sessions of today and yesterday went as they should.
      </p>
    )
  return (
    <section aria-label="What went wrong" className="overflow-x-auto rounded-md border border-line">
      <h2 className="border-b border-line px-4 py-2 text-base font-semibold">
        What went wrong today and yesterday
      </h2>
      <DataTable
        rows={problems}
        rowKey={(row) => `${row.domain} ${row.policy} ${row.result} ${row.mxHost ?? ''}`}
        label="Sessions that went wrong"
        columns={[
          { id: 'domain', header: 'Domain', cell: (row) => <span className="break-all">{row.domain}</span> },
          {
            id: 'what',
            header: 'What',
            cell: (row) => <span title={row.result}>{resultWords(row.result)}</span>,
          },
          { id: 'host', header: 'Server', hideBelow: 'md', cell: (row) => row.mxHost ?? '–' },
          {
            id: 'policy',
            header: 'Under',
            hideBelow: 'sm',
            cell: (row) => <Chip tone={POLICY_WORDS[row.policy].tone}>{POLICY_WORDS[row.policy].name}</Chip>,
          },
          { id: 'sessions', header: 'Sessions', align: 'end', cell: (row) => formatCount(row.sessions) },
        ]}
      />
    </section>
  )
}

function Shares({ shares }: { readonly shares: TlsShowOutput['shares'] }) {
  const total = shares.reduce((sum, { destinations }) => sum + destinations, 0)
  return (
    <section aria-label="What protects mail">
      <h2 className="mb-2 text-base font-semibold">
        {total === 0
          ? 'No destination is known yet'
          : `${formatCount(total)} ${total === 1 ? 'destination' : 'destinations'} of the last 30 days`}
      </h2>
      <div className="flex h-2 overflow-hidden rounded-full bg-raised" aria-hidden="true">
        {shares.map(({ policy, destinations }) => (
          <div key={policy} className={FILLS[policy]} style={{ flexGrow: destinations }} />
        ))}
      </div>
      <ul className="mt-3 grid gap-3 sm:grid-cols-3">
        {shares.map((share) => (
          <li key={share.policy} className="min-w-0">
            <p className="flex items-center gap-1.5 text-sm font-medium">
              <span aria-hidden="true" className={cx('size-2 rounded-full', FILLS[share.policy])} />
              {POLICY_WORDS[share.policy].name}
            </p>
            <p className="tabular text-xl leading-7 font-semibold">{formatCount(share.destinations)}</p>
            <p className="text-xs text-muted">{POLICY_WORDS[share.policy].means}</p>
            <p className="mt-1 text-xs text-muted">
              {formatCount(share.sessions)} sessions with {formatCount(share.domains)} domains since yesterday
              {share.failures > 0 && (
                <span className="text-bad">, {formatCount(share.failures)} went wrong</span>
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** MTA-STS policies of domains that mail went to. */
export function StsPolicies() {
  const { api } = useSession()
  const policies = useInfiniteQuery(operationsQueries.stsPolicies(api))
  return (
    <Listing
      query={policies}
      label="policies"
      empty={
        <Empty title="No policy is known yet">
          They are fetched when mail goes to a domain that announces one, and fetched again while mail goes
          there.
        </Empty>
      }
    >
      {(rows) => (
        <div className="overflow-x-auto">
          <DataTable
            rows={rows.toSorted((a, b) => Number(b.problem !== null) - Number(a.problem !== null))}
            rowKey={(row) => row.domain}
            label="MTA-STS policies"
            columns={[
              {
                id: 'domain',
                header: 'Domain',
                cell: (row) => (
                  <Link
                    to="/operations/shaping"
                    search={{ view: 'limits', domain: row.domain }}
                    className={linkLook}
                  >
                    {row.domain}
                  </Link>
                ),
              },
              {
                id: 'mode',
                header: 'Mode',
                cell: (row) => <Chip tone={row.mode === 'enforce' ? 'ok' : 'neutral'}>{row.mode}</Chip>,
              },
              {
                id: 'problem',
                header: 'Problem',
                hideBelow: 'sm',
                cell: (row) =>
                  row.problem === null ? (
                    <span className="text-muted">none</span>
                  ) : (
                    <span className="text-bad" title={row.problem}>
                      {resultWords(row.problem)}
                      {row.failedAt !== null && (
                        <>
                          {' '}
                          (<Time at={row.failedAt} />)
                        </>
                      )}
                    </span>
                  ),
              },
              {
                id: 'until',
                header: 'Holds until',
                hideBelow: 'md',
                cell: (row) => <Time at={row.expiresAt} />,
              },
              {
                id: 'mx',
                header: 'Servers',
                hideBelow: 'lg',
                cell: (row) => <span className="font-mono text-xs break-all">{row.mx.join(' ')}</span>,
              },
            ]}
          />
        </div>
      )}
    </Listing>
  )
}
