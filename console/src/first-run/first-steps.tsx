import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useId, useState, type ReactNode } from 'react'
import { queries } from '../api/queries.ts'
import { useAccess } from '../session/access.ts'
import { useSession } from '../session/session.ts'
import { Button } from '../ui/button.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { cx } from '../ui/cx.ts'
import { CheckIcon } from '../ui/icons.tsx'
import { linkLook } from '../ui/link.ts'
import { loadKept, saveKept, type Kept } from './kept.ts'
import { doneSteps, isOwnDomain, nextStep, STEP_NAMES, type StepName } from './progress.ts'
import { SendFirst } from './send-first.tsx'

const TITLES: Readonly<Record<StepName, string>> = {
  mail: 'Send the first mail',
  domain: 'Add your domain',
  records: 'Publish its DNS records',
  outbound: 'Let mail leave this host',
}

/**
 * The way from nothing to mail of one's own domain, on Home until it is gone or put away. Nothing for those who could not go it: roles that
 * neither send nor add domains, and the operator.
 */
export function FirstSteps() {
  const { api } = useSession()
  const { workspace, can, installation } = useAccess()
  const [kept, setKept] = useState<Kept | null>(() => (workspace === null ? null : loadKept(workspace.id)))
  const ledger = useQuery(queries.ledger(api))
  const domains = useQuery({ ...queries.domains(api), enabled: can('domains:read') })
  const [opened, setOpened] = useState<StepName | null>(null)
  if (workspace === null || kept === null || kept.isHidden || !can('messages:send')) return null
  if (ledger.data === undefined || (domains.data === undefined && !domains.isError)) return null
  const all = domains.data?.data ?? []
  const done = doneSteps({ accepted: ledger.data.accepted, domains: all, outbound: installation.outbound })
  const next = nextStep(done)
  // Its end is told where it was followed; whoever comes back later needs no list of what is done.
  if (next === undefined && kept.messageId === null) return null
  const keep = (change: Partial<Kept>): void => {
    const changed = { ...kept, ...change }
    setKept(changed)
    saveKept(workspace.id, changed)
  }
  const shown = opened ?? (next === 'domain' && kept.messageId !== null ? 'mail' : next)
  const own = all.find(({ name }) => isOwnDomain(name))
  const sending =
    all.find(({ name, state }) => state === 'verified' && isOwnDomain(name)) ??
    all.find(({ state }) => state === 'verified')
  const bodies: Readonly<Record<StepName, ReactNode>> = {
    mail: (
      <SendFirst
        domain={sending?.name}
        messageId={kept.messageId}
        onSent={(messageId) => {
          setOpened('mail')
          keep({ messageId })
        }}
      />
    ),
    domain: (
      <Said
        link={
          <Link to="/domains" className={linkLook}>
            Add a domain
          </Link>
        }
      >
        Your recipients see it behind the @. You need to be able to change its DNS; a subdomain such as
        mail.example.com does well.
      </Said>
    ),
    records: (
      <Said
        link={
          own === undefined ? (
            <Link to="/domains" className={linkLook}>
              To the domains
            </Link>
          ) : (
            <Link to="/domains/$domainId" params={{ domainId: own.id }} className={linkLook}>
              The records of {own.name}
            </Link>
          )
        }
      >
        {own === undefined
          ? 'They come with the domain: keys that sign, where bounces go, what receivers shall do with forgeries.'
          : 'Copy them to where the domain’s DNS is kept. They are checked by themselves, at first every minute.'}
      </Said>
    ),
    outbound: <LetItLeave hostname={own?.name} />,
  }
  return (
    <section aria-label="First steps" className="rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-3">
        <div className="min-w-0 flex-1">
          <h2 className="text-base font-semibold">From here to your own domain</h2>
          <p className="text-sm text-muted">
            {next === undefined
              ? 'All done.'
              : `${done.size} of ${STEP_NAMES.length} done. In any order, whenever you like.`}
          </p>
        </div>
        <Button look="quiet" onClick={() => keep({ isHidden: true })}>
          Hide this
        </Button>
      </div>
      <ol>
        {STEP_NAMES.map((name, at) => (
          <Step
            key={name}
            number={at + 1}
            title={TITLES[name]}
            isDone={done.has(name)}
            isNext={name === next}
            isOpen={shown === name}
            onOpen={() => setOpened(name)}
          >
            {bodies[name]}
          </Step>
        ))}
      </ol>
    </section>
  )
}

function Step({
  number,
  title,
  isDone,
  isNext,
  isOpen,
  onOpen,
  children,
}: {
  readonly number: number
  readonly title: string
  readonly isDone: boolean
  /** The one to do now. */
  readonly isNext: boolean
  readonly isOpen: boolean
  readonly onOpen: () => void
  readonly children: ReactNode
}) {
  const id = useId()
  return (
    <li className="border-b border-line last:border-b-0">
      <button
        type="button"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={onOpen}
        className={cx(
          'flex w-full items-center gap-3 px-4 py-2.5 text-left text-sm',
          !isOpen && 'hover:bg-raised',
        )}
      >
        <span
          aria-hidden="true"
          className={cx(
            'inline-flex size-5 shrink-0 items-center justify-center rounded-full text-xs font-semibold',
            isDone ? 'bg-ok-soft text-ok' : isNext ? 'bg-accent text-accent-ink' : 'bg-raised text-muted',
          )}
        >
          {isDone ? <CheckIcon className="size-3.5" /> : number}
        </span>
        <span className={cx('font-medium', isDone && !isOpen && 'text-muted')}>
          {title}
          {isNext && !isOpen && <span className="font-normal text-muted"> is next</span>}
          {isDone && <span className="sr-only">, done</span>}
        </span>
      </button>
      <div id={id} hidden={!isOpen} className="px-4 pb-4 sm:pl-12">
        {isOpen && children}
      </div>
    </li>
  )
}

function Said({ link, children }: { readonly link: ReactNode; readonly children: ReactNode }) {
  return (
    <div className="text-sm">
      <p className="mb-2 max-w-prose text-muted">{children}</p>
      <p>{link}</p>
    </div>
  )
}

function LetItLeave({ hostname }: { readonly hostname: string | undefined }) {
  const { installation } = useAccess()
  if (installation.outbound !== 'capture')
    return (
      <p className="text-sm text-muted">
        {installation.outbound === 'direct'
          ? 'Mail goes to the recipients’ own mail servers.'
          : 'Mail goes to the relay that this installation was given.'}
      </p>
    )
  return (
    <div className="flex flex-col gap-2 text-sm text-muted">
      <p className="max-w-prose">
        Until now nothing leaves: everything ends in the local inbox. Stop with Ctrl-C and start again so that
        it goes to the recipients’ mail servers. That needs outgoing port 25 and an address whose reverse name
        is this host’s.
      </p>
      <CodeBlock
        label="Start so that mail leaves"
        shown={`BULKHEAD_OUTBOUND=direct BULKHEAD_HOSTNAME=${hostname === undefined ? 'mail.example.com' : mailHost(hostname)} npm start`}
      />
      <p className="max-w-prose">No port 25? A relay works as well:</p>
      <CodeBlock
        label="Start with a relay"
        shown="BULKHEAD_OUTBOUND=smtps://user:password@relay.example.net:465 npm start"
      />
    </div>
  )
}

function mailHost(domain: string): string {
  return domain.startsWith('mail.') ? domain : `mail.${domain}`
}
