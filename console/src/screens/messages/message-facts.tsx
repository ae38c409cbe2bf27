import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Message } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { linkLook } from '../../ui/link.ts'
import { Time } from '../../ui/time.tsx'
import { sourceText } from './timeline.ts'

/** What is known of a message besides its story. */
export function MessageFacts({ message }: { readonly message: Message }) {
  const metadata = Object.entries(message.metadata)
  const context = Object.entries(message.context ?? {}).filter(([, value]) => value !== undefined)
  return (
    <aside aria-label="Facts" className="flex flex-col gap-5">
      <Box title="Details">
        <Fact name="From">{message.from === null ? 'unknown' : fullAddress(message.from)}</Fact>
        <Fact name="Accepted">
          <Time at={message.createdAt} /> {sourceText(message.source)}
        </Fact>
        {message.sendAt !== null && (
          <Fact name="Not before">
            <Time at={message.sendAt} />
          </Fact>
        )}
        <Fact name="Expires">
          <Time at={message.expiresAt} />
        </Fact>
        {message.resentFrom !== null && (
          <Fact name="Sends again">
            <MessageLink id={message.resentFrom} />
          </Fact>
        )}
        {message.resentAs.length > 0 && (
          <Fact name="Sent again">
            {message.resentAs.map(({ id, at, recipients }) => (
              <span key={id} className="block">
                <MessageLink id={id} />{' '}
                <span className="text-xs text-muted">
                  to {recipients}, <Time at={at} />
                </span>
              </span>
            ))}
          </Fact>
        )}
        {message.template !== null && (
          <Fact name="Template">
            <Link
              to="/templates/$templateId"
              params={{ templateId: message.template.id }}
              className={linkLook}
            >
              version {message.template.version}
            </Link>
          </Fact>
        )}
        <Fact name="Size">{formatBytes(message.sizeBytes)}</Fact>
        {message.messageIdHeader !== null && (
          <Fact name="Message-ID">
            <span className="font-mono text-xs">{message.messageIdHeader}</span>
          </Fact>
        )}
        <Fact name="Id">
          <span className="mr-1 font-mono text-xs">{message.id}</span>
          <CopyButton small text={message.id} />
        </Fact>
      </Box>
      {metadata.length > 0 && (
        <Box title="Metadata">
          {metadata.map(([name, value]) => (
            <Fact key={name} name={name}>
              {String(value)}
            </Fact>
          ))}
        </Box>
      )}
      {context.length > 0 && (
        <Box title="Caused by">
          {context.map(([name, value]) => (
            <Fact key={name} name={CONTEXT_WORDS[name] ?? name}>
              {value}
            </Fact>
          ))}
        </Box>
      )}
    </aside>
  )
}

const CONTEXT_WORDS: Readonly<Record<string, string>> = {
  event: 'Event',
  actorIp: 'From address',
  accountRef: 'Account',
}

function Box({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2 className="mb-2 text-base font-semibold">{title}</h2>
      <dl className="rounded-lg border border-line bg-surface px-4 py-2">{children}</dl>
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-2 py-1 text-sm">
      <dt className="break-words text-muted">{name}</dt>
      <dd className="break-words [overflow-wrap:anywhere]">{children}</dd>
    </div>
  )
}

function MessageLink({ id }: { readonly id: string }) {
  return (
    <Link
      to="/messages/$messageId"
      params={{ messageId: id }}
      className={`${linkLook} font-mono text-xs break-all`}
    >
      {id}
    </Link>
  )
}

function fullAddress(from: { readonly email: string; readonly name?: string }): string {
  return from.name === undefined ? from.email : `${from.name} <${from.email}>`
}
