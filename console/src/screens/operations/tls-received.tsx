import type { TlsListReportsOutput } from '@bulkhead/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { formatCount } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { Listing } from '../../ui/listing.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { operationsQueries } from './operations-queries.ts'
import { resultWords } from './tls-words.ts'

type Report = TlsListReportsOutput['data'][number]

/** What others report about sessions with our mail servers; those with failures first among what is loaded. */
export function TlsReceived({ domain }: { readonly domain: string | undefined }) {
  const { api } = useSession()
  const { isOperator } = useAccess()
  const navigate = useNavigate()
  const reports = useInfiniteQuery(operationsQueries.received(api, isOperator, domain))
  const find = useCallback(
    (text: string) =>
      void navigate({
        to: '/operations/transport',
        search: text === '' ? {} : { domain: text },
        replace: true,
      }),
    [navigate],
  )
  return (
    <>
      {!isOperator && (
        <div className="border-b border-line px-4 py-3">
          <div className="flex sm:max-w-sm">
            <SearchBox
              value={domain ?? ''}
              onSearch={find}
              label="Domain"
              placeholder="All your domains ( / )"
              hotkey
            />
          </div>
        </div>
      )}
      <Listing
        query={reports}
        label="reports"
        empty={
          <Empty title={domain === undefined ? 'No report has come yet' : `No report about ${domain}`}>
            Mailbox providers send one a day for each domain that asks for it by a DNS record: <br />
            <code className="font-mono text-xs break-all">
              _smtp._tls.{domain ?? 'example.com'} TXT “v=TLSRPTv1; rua=mailto:…”
            </code>
          </Empty>
        }
      >
        {(rows) => (
          <ul>
            {rows
              .toSorted((a, b) => Number(b.failures > 0) - Number(a.failures > 0))
              .map((report) => (
                <ReportRow
                  key={`${report.organisation} ${report.reportId} ${report.domain}`}
                  report={report}
                />
              ))}
          </ul>
        )}
      </Listing>
    </>
  )
}

function ReportRow({ report }: { readonly report: Report }) {
  const details = report.policies.flatMap(({ details: items }) => items)
  return (
    <li className="border-b border-line px-4 py-2.5 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
        <span className="font-medium break-all">{report.domain}</span>
        <Chip tone={report.failures > 0 ? 'bad' : 'ok'}>
          {report.failures > 0 ? `${formatCount(report.failures)} failed` : 'all went well'}
        </Chip>
        <span className="tabular text-xs text-muted">{formatCount(report.successes)} secured</span>
      </div>
      <p className="text-xs break-words text-muted">
        {report.organisation}, for <Time at={report.beginsAt} /> to <Time at={report.endsAt} />, by its own
        word
      </p>
      {details.length > 0 && (
        <details className="mt-1 text-xs" open={details.length <= 3}>
          <summary className="text-muted">What failed ({details.length})</summary>
          <ul className="mt-1 flex flex-col gap-0.5">
            {details.map((detail, place) => (
              <li key={`${detail.result} ${place}`} className="break-words">
                <span className="tabular">{formatCount(detail.sessions)}</span> × {resultWords(detail.result)}
                <span className="text-muted">
                  {detail.mxHost === null ? '' : ` at ${detail.mxHost}`}
                  {detail.reason === null ? '' : ` (${detail.reason})`}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  )
}
