import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { RECIPIENT_STATES, type MessageSummary } from '../../api/types.ts'
import { nameOf } from '../../format.ts'
import { Chip, StateChip } from '../../ui/chip.tsx'
import { cx } from '../../ui/cx.ts'
import { LockIcon } from '../../ui/icons.tsx'
import { Time } from '../../ui/time.tsx'

const TO_SHOWN = 2

/** One message in a list: its states, what it is, its lane and tags, when. Two lines on a phone, one where there is room. */
export function MessageRow({
  message,
  chosen = false,
  isNew = false,
}: {
  readonly message: MessageSummary
  readonly chosen?: boolean
  readonly isNew?: boolean
}) {
  const link = useRef<HTMLAnchorElement>(null)
  useEffect(() => {
    if (chosen) link.current?.focus({ preventScroll: true })
  }, [chosen])
  return (
    <Link
      ref={link}
      to="/messages/$messageId"
      params={{ messageId: message.id }}
      className={cx(
        'grid grid-cols-[minmax(0,1fr)_auto] items-baseline gap-x-3 gap-y-0.5 border-b border-line px-3 py-2 -outline-offset-2 hover:bg-raised sm:px-4 md:grid-cols-[9rem_minmax(0,1fr)_auto_9rem]',
        isNew && 'arrived',
      )}
    >
      <span className="flex flex-wrap gap-1 max-md:order-4">
        <States message={message} />
      </span>
      <span className="min-w-0 max-md:contents">
        <span className="block min-w-0 truncate font-medium max-md:order-1">
          <Subject message={message} />
        </span>
        <span className="block min-w-0 truncate text-xs text-muted max-md:order-3 max-md:col-span-2">
          {message.from?.email ?? 'unknown'} → {recipientsText(message)}
        </span>
      </span>
      <span className="flex flex-wrap justify-end gap-1 max-md:order-5">
        {message.tags.map((tag) => (
          <Chip key={tag}>#{tag}</Chip>
        ))}
        <Chip>{message.lane}</Chip>
      </span>
      <Time at={message.createdAt} className="tabular text-right text-xs text-muted max-md:order-2" />
    </Link>
  )
}

function Subject({ message }: { readonly message: MessageSummary }) {
  if (message.sensitive) {
    return (
      <span
        className="inline-flex items-center gap-1.5 text-muted"
        title="Sensitive: its content is shown to nobody."
      >
        <LockIcon className="size-3.5" />
        {message.subject ?? 'Sensitive message'}
      </span>
    )
  }
  return message.subject || <span className="text-muted italic">no subject</span>
}

function States({ message }: { readonly message: MessageSummary }) {
  const present = RECIPIENT_STATES.filter((state) => (message.states[state] ?? 0) > 0)
  if (present.length === 0) return <Chip>unknown</Chip>
  return present.map((state) => (
    <StateChip
      key={state}
      state={state}
      {...(message.recipientCount > 1 ? { count: message.states[state] ?? 0 } : {})}
    />
  ))
}

function recipientsText(message: MessageSummary): string {
  if (message.to.length === 0)
    return message.recipientCount === 1 ? '1 recipient' : `${message.recipientCount} recipients`
  const shown = message.to.slice(0, TO_SHOWN).map(nameOf).join(', ')
  const more = message.recipientCount - Math.min(message.to.length, TO_SHOWN)
  return more > 0 ? `${shown} and ${more} more` : shown
}
