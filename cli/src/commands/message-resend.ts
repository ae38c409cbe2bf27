import type { ResendPreview } from '@bulkhead/sdk'
import { argument, text, texts, toggle, type Command } from '../command.ts'
import { UsageError } from '../failure.ts'
import { paintState } from '../states.ts'
import { table, type Screen } from '../table.ts'

const message = argument('MESSAGE', 'Id of the message, msg_….')
const recipients = texts(
  'recipient',
  'ADDRESS',
  'Only this recipient of the message. Without: who bounced, expired, was cancelled or is uncertain.',
)
const reason = text(
  'reason',
  'TEXT',
  'Kept in the timeline and in the audit log: no personal data, no address.',
)
const preview = toggle('preview', 'Only show who would get it.')
const key = text('idempotency-key', 'KEY', 'Run it again with the same key, and nothing is sent twice.')

/** `bulkhead messages resend`. */
export const resendCommand: Command = {
  path: ['messages', 'resend'],
  summary: 'Send a message again, to those who did not get it or to those named',
  description:
    'Makes a new message with the same content; suppressions, quotas and containments hold as for any. Refused for sensitive messages, and where the content is no longer kept.',
  operations: ['messages.resend', 'messages.previewResend'],
  arguments: [message],
  flags: [recipients, reason, preview, key],
  examples: [
    { line: 'bulkhead messages resend msg_01jq… --preview', says: 'who would get it' },
    {
      line: 'bulkhead messages resend msg_01jq… --recipient ann@example.com --reason "the mailbox was full"',
      says: 'once more, to one of them',
    },
  ],
  async run(context, given) {
    const client = context.client()
    const id = given.argument(message)
    const named = given.flag(recipients)
    if (given.flag(preview)) {
      const found = await client.messages.previewResend(id)
      context.out.show(found, (screen) => renderPreview(found, screen))
      return
    }
    const numbers =
      named.length === 0 ? undefined : numbersOf(await client.messages.previewResend(id), named, id)
    const sent = await client.messages.resend(
      id,
      { recipients: numbers, reason: given.flag(reason) },
      { idempotencyKey: given.flag(key) },
    )
    context.out.show(sent, (screen) =>
      [
        `Sent again as ${sent.id}, to ${sent.recipients.length} ${sent.recipients.length === 1 ? 'recipient' : 'recipients'}.\n`,
        ...sent.recipients
          .filter(({ state }) => state === 'suppressed')
          .map(({ email }) => `${screen.paint.dim('suppressed')}  ${email}\n`),
        screen.paint.dim(`Watch it: bulkhead messages show ${sent.id} --follow\n`),
      ].join(''),
    )
  },
}

type Preview = ResendPreview

function numbersOf(found: Preview, named: readonly string[], id: string): number[] {
  return named.map((address) => {
    const recipient = found.recipients.find(({ email }) => email.toLowerCase() === address.toLowerCase())
    if (recipient === undefined)
      throw new UsageError(`--recipient ${address}: ${id} has no such recipient; --preview lists them.`)
    return recipient.number
  })
}

function renderPreview(found: Preview, screen: Screen): string {
  const chosen = found.recipients.filter(({ isChosen }) => isChosen).length
  return [
    found.refusal === null ? '' : `It cannot be sent again: ${found.refusal}\n\n`,
    table(
      [
        { title: '#', of: (row) => String(row.number), align: 'right' },
        { title: 'RECIPIENT', of: (row) => row.email || '(no longer readable)' },
        {
          title: 'STATE',
          of: (row) => row.state,
          paint: (cell, row) => paintState(row.state, cell, screen.paint),
        },
        { title: 'AGAIN', of: wordOf },
      ],
      found.recipients,
      screen,
    ),
    screen.paint.dim(
      `\nWithout --recipient ${chosen === 1 ? '1 recipient gets' : `${chosen} recipients get`} it again.\n`,
    ),
  ].join('')
}

function wordOf(row: Preview['recipients'][number]): string {
  if (!row.mayBeChosen) return 'cannot: still waits'
  if (row.isSuppressed) return row.isChosen ? 'yes, and suppressed' : 'only if named, and suppressed'
  return row.isChosen ? 'yes' : 'only if named'
}
