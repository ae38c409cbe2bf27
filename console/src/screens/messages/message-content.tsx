import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { MessageParts } from '@bulkhead/sdk'
import { useState } from 'react'
import { describeFailure } from '../../api/problem.ts'
import { queries } from '../../api/queries.ts'
import type { Message } from '../../api/types.ts'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { HeaderTable } from '../../ui/header-table.tsx'
import { HtmlFrame } from '../../ui/html-frame.tsx'
import { DownloadIcon, LockIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { saveBlob } from '../../ui/save-blob.ts'
import { PreviewSwitches } from '../../ui/preview-switches.tsx'
import { Empty } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import type { MessageSearch } from './message-search.ts'
import { messagesQueries } from './messages-queries.ts'

type Part = 'html' | 'text' | 'headers' | 'attachments'

/** What a message says. It is opened when this is looked at and not before; of a sensitive one there is nothing to open. */
export function MessageContent({
  message,
  search,
}: {
  readonly message: Message
  readonly search: MessageSearch
}) {
  if (message.sensitive)
    return (
      <Empty icon={<LockIcon className="size-6" />} title="Nobody may read this">
        The message is sensitive: its content was sealed for delivery alone, and its key is destroyed once it
        is delivered or expired. There is no permission that opens it.
      </Empty>
    )
  return <Opened message={message} search={search} />
}

function Opened({ message, search }: { readonly message: Message; readonly search: MessageSearch }) {
  const { api } = useSession()
  const parts = useQuery(messagesQueries.parts(api, message.id))
  return (
    <div className="flex flex-col gap-3">
      <ContentLinks message={message} />
      <Loaded query={parts} label="the content">
        {(data) => <Parts parts={data} messageId={message.id} search={search} />}
      </Loaded>
    </div>
  )
}

function ContentLinks({ message }: { readonly message: Message }) {
  const { api } = useSession()
  const captured = useQuery(queries.capturedOf(api, message.id))
  const saving = useMutation({
    mutationFn: async () =>
      saveBlob(new Blob([await api.messages.getContent(message.id)]), `${message.id}.eml`),
  })
  const copies = captured.data?.data ?? []
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
      <p className="min-w-0 flex-1 basis-60 text-muted">
        As it was accepted, before it is signed. Opening it is recorded by the keyring.
      </p>
      {copies.slice(0, 3).map((copy) => (
        <Link key={copy.id} to="/inbox/$capturedId" params={{ capturedId: copy.id }} className={linkLook}>
          Read it in the inbox{copies.length > 1 && ` (${copy.to.join(', ')})`}
        </Link>
      ))}
      <Button onClick={() => saving.mutate()} disabled={saving.isPending}>
        <DownloadIcon className="size-3.5" /> Download as accepted
      </Button>
      {saving.isError && (
        <p role="alert" className="w-full text-sm text-bad">
          {describeFailure(saving.error).detail}
        </p>
      )}
    </div>
  )
}

function Parts({
  parts,
  messageId,
  search,
}: {
  readonly parts: MessageParts
  readonly messageId: string
  readonly search: MessageSearch
}) {
  const navigate = useNavigate()
  const { width: _width, scheme: _scheme, ...rest } = search
  const [part, setPart] = useState<Part>(parts.html === null ? 'text' : 'html')
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-surface">
      <div className="flex items-end gap-2 border-b border-line px-2 sm:px-3">
        <Tabs
          label="Parts of the content"
          idPrefix="content"
          tabs={[
            ...(parts.html === null ? [] : [{ name: 'html', label: 'HTML' } as const]),
            { name: 'text', label: 'Text' },
            { name: 'headers', label: 'Headers' },
            { name: 'attachments', label: `Attachments (${parts.attachments.length})` },
          ]}
          chosen={part}
          onChoose={setPart}
        />
        {part === 'html' && (
          <PreviewSwitches
            shown={search}
            onChange={(shown) =>
              void navigate({
                to: '/messages/$messageId',
                params: { messageId },
                search: { ...rest, ...shown },
                replace: true,
              })
            }
          />
        )}
      </div>
      <div
        role="tabpanel"
        id="content-panel"
        aria-labelledby={`content-tab-${part}`}
        tabIndex={0}
        className="h-[65vh] min-h-80 overflow-auto -outline-offset-2"
      >
        <PartView parts={parts} part={part} search={search} />
      </div>
    </div>
  )
}

function PartView({
  parts,
  part,
  search,
}: {
  readonly parts: MessageParts
  readonly part: Part
  readonly search: MessageSearch
}) {
  switch (part) {
    case 'html':
      return parts.html === null ? null : (
        <HtmlFrame
          html={parts.html}
          title="HTML of the message"
          phone={search.width === 'phone'}
          dark={search.scheme === 'dark'}
        />
      )
    case 'text':
      return parts.text === null ? (
        <p className="p-4 text-sm text-muted">This message has no text part.</p>
      ) : (
        <pre className="max-w-[90ch] p-4 font-mono text-sm break-words whitespace-pre-wrap">{parts.text}</pre>
      )
    case 'headers':
      return <HeaderTable headers={parts.headers} />
    case 'attachments':
      return parts.attachments.length === 0 ? (
        <p className="p-4 text-sm text-muted">It carries none.</p>
      ) : (
        <ul>
          {parts.attachments.map((attachment, place) => (
            // oxlint-disable-next-line react/no-array-index-key -- names may repeat
            <li key={place} className="border-b border-line px-4 py-2 text-sm">
              <span className="font-medium break-all">{attachment.filename ?? `part ${place + 1}`}</span>{' '}
              <span className="text-xs text-muted">
                {attachment.contentType} · {formatBytes(attachment.sizeBytes)}
                {attachment.inline && ' · inline'}
              </span>
            </li>
          ))}
        </ul>
      )
  }
}
