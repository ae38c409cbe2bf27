import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { queries } from '../../api/queries.ts'
import type { Message } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DownloadIcon } from '../../ui/icons.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { Time } from '../../ui/time.tsx'
import { sourceText } from './timeline.ts'

/** What is known of a message besides its story. */
export function MessageFacts({ message }: { readonly message: Message }) {
  const metadata = Object.entries(message.metadata)
  const context = Object.entries(message.context ?? {}).filter(([, value]) => value !== undefined)
  return (
    <aside aria-label="Facts" className="flex flex-col gap-5">
      {!message.sensitive && <Content message={message} />}
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

function Content({ message }: { readonly message: Message }) {
  const { api } = useSession()
  const captured = useQuery(queries.capturedOf(api, message.id))
  const saving = useMutation({
    mutationFn: async () =>
      saveBlob(new Blob([await api.messages.getContent(message.id)]), `${message.id}.eml`),
  })
  const copies = captured.data?.data ?? []
  return (
    <Box title="Content">
      <div className="flex flex-col items-start gap-2 py-1">
        {copies.slice(0, 5).map((copy) => (
          <Link
            key={copy.id}
            to="/inbox/$capturedId"
            params={{ capturedId: copy.id }}
            className="max-w-full truncate rounded text-sm font-medium text-accent hover:underline"
          >
            Read it in the inbox{copies.length > 1 && ` (${copy.to.join(', ')})`} →
          </Link>
        ))}
        <Button onClick={() => saving.mutate()} disabled={saving.isPending}>
          <DownloadIcon className="size-3.5" /> Download as accepted
        </Button>
        {saving.isError && (
          <p role="alert" className="text-sm text-bad">
            {describeFailure(saving.error).detail}
          </p>
        )}
      </div>
    </Box>
  )
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

function fullAddress(from: { readonly email: string; readonly name?: string }): string {
  return from.name === undefined ? from.email : `${from.name} <${from.email}>`
}
