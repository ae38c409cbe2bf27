import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Bounce } from '@bulkhead/sdk'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { CLASS_WORDS, EFFECT_WORDS, KIND_HINTS, KIND_TONES, KIND_WORDS } from './bounce-words.ts'
import { bounceQueries } from './bounces-queries.ts'
import { ReportSource } from './report-source.tsx'

/** One report: what it says, how it was judged and by which rule, what came of it, and the report itself. */
export function BouncePage({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(bounceQueries.one(api, id))
  return (
    <Page
      title={query.data === undefined ? 'Report' : capital(KIND_WORDS[query.data.kind])}
      lead={query.data === undefined ? undefined : KIND_HINTS[query.data.kind]}
      width="reading"
      back={
        <Link to="/bounces" className={linkLook}>
          Bounces
        </Link>
      }
    >
      <Loaded query={query} label="the report">
        {(bounce) => (
          <>
            {bounce.truncated && (
              <Note tone="info" title="Not all of it was read">
                The report names more recipients, or is longer, than is taken of one.
              </Note>
            )}
            <Panel title="The report">
              <Facts rows={reportRows(bounce)} />
            </Panel>
            {bounce.recipients.map((finding, at) => (
              <Panel
                key={at}
                title={
                  finding.number === null ? 'A recipient that is not ours' : `Recipient ${finding.number}`
                }
                {...(finding.note === null ? {} : { lead: finding.note })}
              >
                <Facts rows={findingRows(finding)} />
              </Panel>
            ))}
            <ReportSource
              name={`${bounce.id}.eml`}
              load={(signal) => api.bounces.source(bounce.id, { signal })}
            />
          </>
        )}
      </Loaded>
    </Page>
  )
}

type Rows = Parameters<typeof Facts>[0]['rows']

function reportRows(bounce: Bounce): Rows {
  return [
    [
      'Kind',
      <Chip key="kind" tone={KIND_TONES[bounce.kind]}>
        {KIND_WORDS[bounce.kind]}
      </Chip>,
    ],
    ...given('Complaint', bounce.feedbackType),
    ['Came', <Time key="at" at={bounce.receivedAt} />],
    ...given(
      'For',
      bounce.messageId === null ? null : (
        <Link to="/messages/$messageId" params={{ messageId: bounce.messageId }} className={linkLook}>
          <code>{bounce.messageId}</code>
        </Link>
      ),
    ),
    ...given('Written by', bounce.reportingMta ?? bounce.reporter),
    ['Form', <code key="format">{bounce.format}</code>],
    ['Size', formatBytes(bounce.sizeBytes)],
    ['Id', <code key="id">{bounce.id}</code>],
  ]
}

function findingRows(finding: Bounce['recipients'][number]): Rows {
  const { class: blame, permanent, reason, rule, status, diagnostic, remoteMta, action } = finding
  return [
    ...given('It says', action),
    ...given('Cause', blame === null ? null : (CLASS_WORDS[blame] ?? blame)),
    ...given('Why', reason),
    ...given('Rule that decided', rule === null ? null : <code>{rule}</code>),
    ...(blame === null ? [] : ([['Trying again', permanent ? 'is no use' : 'may help']] as const)),
    ...given('Status', status),
    ...given(
      'What the server said',
      diagnostic === '' ? null : <span className="font-mono text-xs break-words">{diagnostic}</span>,
    ),
    ...given('Server', remoteMta),
    ['Names the address', finding.named ? 'yes' : 'no'],
    [
      'What came of it',
      <span key="effect" className="inline-flex flex-wrap gap-1.5">
        {EFFECT_WORDS[finding.effect] ?? finding.effect}
        {finding.suppressed && <Chip tone="warn">the address is suppressed</Chip>}
      </span>,
    ],
  ]
}

function given(label: string, value: ReactNode): Rows {
  return value === null || value === undefined || value === '' ? [] : [[label, value]]
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
