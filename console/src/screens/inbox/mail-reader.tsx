import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import type { Captured } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { HeaderTable } from '../../ui/header-table.tsx'
import { ArrowLeftIcon } from '../../ui/icons.tsx'
import { PreviewSwitches } from '../../ui/preview-switches.tsx'
import { Failure, LoadingRows } from '../../ui/states.tsx'
import { Tabs, type Tab } from '../../ui/tabs.tsx'
import { Time } from '../../ui/time.tsx'
import type { InboxSearch, MailTab } from './inbox-search.ts'
import { MailAttachments } from './mail-attachments.tsx'
import { MailChecks } from './mail-checks.tsx'
import { MailHtml } from './mail-html.tsx'
import { MailSource } from './mail-source.tsx'

export function MailReader({ id, search }: { readonly id: string; readonly search: InboxSearch }) {
  const { api } = useSession()
  const mail = useQuery(queries.captured(api, id))
  if (mail.isPending) return <LoadingRows rows={3} label="Loading the mail" />
  if (mail.isError) return <Failure error={mail.error} onRetry={() => void mail.refetch()} />
  return <Mail mail={mail.data} search={search} />
}

function Mail({ mail, search }: { readonly mail: Captured; readonly search: InboxSearch }) {
  const navigate = useNavigate()
  const { width: _width, scheme: _scheme, ...rest } = search
  const change = (some: InboxSearch): void =>
    void navigate({ to: '.', search: { ...search, ...some }, replace: true })
  const tab =
    search.tab === undefined || (search.tab === 'html' && mail.html === null) ? defaultTab(mail) : search.tab
  return (
    <article
      className="flex min-h-0 flex-1 flex-col bg-surface"
      aria-label={mail.subject ?? 'Mail without subject'}
    >
      <MailHead mail={mail} search={search} />
      <div className="flex items-end gap-2 border-b border-line px-2 sm:px-3">
        <Tabs
          label="Parts of the mail"
          idPrefix="mail"
          tabs={tabsOf(mail)}
          chosen={tab}
          onChoose={(name) => change({ tab: name })}
        />
        {tab === 'html' && (
          <PreviewSwitches
            shown={search}
            onChange={(shown) => void navigate({ to: '.', search: { ...rest, ...shown }, replace: true })}
          />
        )}
      </div>
      <div
        role="tabpanel"
        id="mail-panel"
        aria-labelledby={`mail-tab-${tab}`}
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto -outline-offset-2"
      >
        <Panel mail={mail} tab={tab} search={search} />
      </div>
    </article>
  )
}

function MailHead({ mail, search }: { readonly mail: Captured; readonly search: InboxSearch }) {
  return (
    <header className="px-3 pt-3 pb-2 sm:px-4">
      <div className="flex items-start gap-2">
        <Link
          to="/inbox"
          search={search}
          aria-label="Back to the list"
          className="-ml-1 inline-flex size-7 shrink-0 items-center justify-center rounded-md text-muted hover:bg-raised lg:hidden"
        >
          <ArrowLeftIcon />
        </Link>
        <h1 className="min-w-0 flex-1 text-lg leading-7 font-semibold break-words">
          {mail.subject || <span className="text-muted italic">no subject</span>}
        </h1>
        {mail.messageId !== null && (
          <Link
            to="/messages/$messageId"
            params={{ messageId: mail.messageId }}
            className="mt-1 shrink-0 rounded text-sm font-medium text-accent hover:underline"
          >
            Timeline →
          </Link>
        )}
      </div>
      <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3 text-sm">
        <dt className="text-muted">From</dt>
        <dd className="min-w-0 break-words">{mail.from}</dd>
        <dt className="text-muted">To</dt>
        <dd className="min-w-0 break-words">{mail.to.join(', ')}</dd>
        <dt className="text-muted">Captured</dt>
        <dd>
          <Time at={mail.receivedAt} /> <span className="text-muted">· {formatBytes(mail.sizeBytes)}</span>
        </dd>
      </dl>
    </header>
  )
}

function Panel({
  mail,
  tab,
  search,
}: {
  readonly mail: Captured
  readonly tab: MailTab
  readonly search: InboxSearch
}) {
  switch (tab) {
    case 'html':
      return <MailHtml id={mail.id} phone={search.width === 'phone'} dark={search.scheme === 'dark'} />
    case 'text':
      return mail.text === null ? (
        <p className="p-4 text-sm text-muted">
          This mail has no text part. Some readers and filters want one.
        </p>
      ) : (
        <pre className="max-w-[90ch] p-4 font-mono text-sm break-words whitespace-pre-wrap">{mail.text}</pre>
      )
    case 'source':
      return <MailSource mail={mail} />
    case 'headers':
      return <HeaderTable headers={mail.headers} />
    case 'attachments':
      return <MailAttachments mail={mail} />
    case 'checks':
      return <MailChecks checks={mail.checks} />
  }
}

function defaultTab(mail: Captured): MailTab {
  if (mail.html !== null) return 'html'
  return mail.text === null ? 'source' : 'text'
}

function tabsOf(mail: Captured): Tab<MailTab>[] {
  const faults = mail.checks.filter((check) => check.state !== 'ok').length
  const worst = mail.checks.some((check) => check.state === 'problem') ? 'bad' : 'warn'
  return [
    ...(mail.html === null ? [] : [{ name: 'html', label: 'HTML' } as const]),
    { name: 'text', label: 'Text' },
    { name: 'source', label: 'Source' },
    { name: 'headers', label: 'Headers' },
    {
      name: 'attachments',
      label: (
        <>Attachments {mail.attachments.length > 0 && <Chip tone="accent">{mail.attachments.length}</Chip>}</>
      ),
    },
    { name: 'checks', label: <>Checks {faults > 0 && <Chip tone={worst}>{faults}</Chip>}</> },
  ]
}
