import { basename } from 'node:path'
import {
  CHOICES,
  type AcceptedMessage,
  type Client,
  type MessagesSendMimeInput,
  type SendRequest,
} from '@bulkhead/sdk'
import { choice, instant, text, texts, toggle, type Command, type Context, type Given } from '../command.ts'
import { EXIT, UsageError } from '../failure.ts'
import { readLocal } from '../files.ts'
import { paintState } from '../states.ts'
import { table } from '../table.ts'
import { dataFlags, dialect, givenData, versionOf } from './template-parts.ts'
import { followMessage } from '../follow.ts'

const MESSAGE_BYTES_MAX = 40 * 1024 * 1024
/** 40 MiB on a line of 1.5 Mbit/s. */
const UPLOAD_MS = 240_000

const from = text(
  'from',
  'ADDRESS',
  'Sender, such as "Ann <ann@example.com>". With MIME: the envelope sender.',
)
const to = texts('to', 'ADDRESS', 'Recipient. With MIME: envelope recipients instead of those in the header.')
const cc = texts('cc', 'ADDRESS', 'Recipient of a copy.')
const bcc = texts('bcc', 'ADDRESS', 'Recipient of a copy whom nobody sees.')
const replyTo = texts('reply-to', 'ADDRESS', 'Where answers go.')
const subject = text('subject', 'TEXT', 'Subject.')
const plain = text('text', 'TEXT', 'Text body. Without --text and --html it is read from standard input.')
const html = text('html', 'HTML', 'HTML body.')
const textFile = text('text-file', 'FILE', 'Text body from a file.')
const htmlFile = text('html-file', 'FILE', 'HTML body from a file.')
const template = text(
  'template',
  'TEMPLATE',
  'Alias or id of a template, in the place of subject and bodies.',
)
const templateVersion = text(
  'template-version',
  'N',
  'A version of it that was published. Default the active one.',
)
const attach = texts('attach', 'FILE', 'Attach a file.')
const inline = texts('inline', 'CID=FILE', 'Attach an image that the HTML shows as <img src="cid:CID">.')
const header = texts('header', '"NAME: VALUE"', 'Extra header field.')
const tag = texts('tag', 'TAG', 'Tag, to find the message by.')
const metadata = texts('metadata', 'NAME=VALUE', 'Data of yours, shown with the message and its events.')
const lane = choice('lane', CHOICES['messages.send'].lane, 'Which queue. Default transactional.')
const sensitive = toggle(
  'sensitive',
  'A password reset or code: one recipient, readable by nobody, erased once settled.',
)
const trackOpens = choice(
  'track-opens',
  ['on', 'off'],
  'Whether opens are tracked. Default: as the workspace.',
)
const trackClicks = choice(
  'track-clicks',
  ['on', 'off'],
  'Whether clicks are tracked. Default: as the workspace.',
)
const unsubscribe = toggle(
  'unsubscribe',
  'Add List-Unsubscribe with one click; mail of the lane bulk always gets it.',
)
const sendAt = instant('send-at', 'future', 'Send later.')
const expiresAt = instant('expires-at', 'future', 'Give up then.')
const event = text('event', 'NAME', 'What caused the message, such as password_reset.')
const actorIp = text('actor-ip', 'IP', 'Address of the person who caused it.')
const accountRef = text('account-ref', 'REF', 'Your name for the account concerned.')
const idempotencyKey = text('idempotency-key', 'KEY', 'The same key twice sends once.')
const mime = toggle(
  'mime',
  'Standard input is a finished MIME message. Found out by itself when it begins with header fields.',
)
const wait = toggle(
  'wait',
  'Follow the message until every recipient is final. Exit code 1 unless all are delivered.',
)

const COMPOSED_ONLY = [cc, bcc, replyTo, header, metadata, attach, inline]

/** Send one message, from flags or from MIME on standard input. */
export const sendCommand: Command = {
  path: ['send'],
  summary: 'Send a message',
  description:
    'The message is composed from the flags, or taken as it is when standard input holds a MIME message. The command ends when the server has committed it to disk; --wait goes on until it is delivered or has failed.',
  operations: ['messages.send', 'messages.sendMime'],
  flags: [
    from,
    to,
    cc,
    bcc,
    replyTo,
    subject,
    plain,
    html,
    textFile,
    htmlFile,
    template,
    templateVersion,
    dialect,
    ...dataFlags,
    attach,
    inline,
    header,
    tag,
    metadata,
    lane,
    sensitive,
    trackOpens,
    trackClicks,
    unsubscribe,
    sendAt,
    expiresAt,
    event,
    actorIp,
    accountRef,
    idempotencyKey,
    mime,
    wait,
  ],
  examples: [
    {
      line: 'bulkhead send --from hello@example.test --to ann@example.com --subject Hello --text "Hi Ann." --wait',
      says: 'send a mail and see what becomes of it',
    },
    {
      line: 'echo "Disk is full" | bulkhead send --from ops@example.test --to ann@example.com --subject Alarm --lane critical',
      says: 'the text from a pipe, ahead of all bulk mail',
    },
    {
      line: 'bulkhead send --from shop@example.test --to ann@example.com --subject Invoice --text-file invoice.txt --attach invoice.pdf --tag invoice',
      says: 'with an attachment and a tag',
    },
    {
      line: 'bulkhead send --from hello@example.test --to ann@example.com --subject Later --text Hi --send-at 2h',
      says: 'in two hours',
    },
    {
      line: 'bulkhead send --from shop@example.test --to ann@example.com --template order-shipped --values \'{"order": {"id": 7}}\'',
      says: 'from a template',
    },
    {
      line: 'bulkhead send --from shop@example.test --to ann@example.com --subject "Hi *|FNAME|*" --text "Bye." --dialect merge-tags --values \'{"FNAME": "Ann"}\'',
      says: 'filled with data, without a template',
    },
    { line: 'bulkhead send < message.eml', says: 'a finished MIME message; recipients come from its header' },
  ],
  async run(context, given) {
    const client = context.client()
    const accepted = await accept(client, context, given)
    if (!given.flag(wait)) {
      showAccepted(context, accepted)
      return EXIT.ok
    }
    context.out.note(`Accepted as ${accepted.id}.`)
    const message = await followMessage(client, context, accepted.id)
    if (context.out.json) context.out.show(message, () => '')
    return message.recipients.every((recipient) => recipient.state === 'delivered') ? EXIT.ok : EXIT.refused
  },
}

async function accept(client: Client, context: Context, given: Given): Promise<AcceptedMessage> {
  const options = { idempotencyKey: given.flag(idempotencyKey), timeoutMs: UPLOAD_MS }
  const bodyGiven = [plain, html, textFile, htmlFile].some((flag) => given.flag(flag) !== undefined)
  const asksMime = given.flag(mime)
  const chosen = given.flag(template)
  if (chosen !== undefined) {
    if (bodyGiven || asksMime || given.flag(subject) !== undefined)
      throw new UsageError('--template says subject and bodies: leave out the flags for those, and --mime.')
    return client.messages.send(await fromTemplate(context, given, chosen), options)
  }
  if (bodyGiven && asksMime)
    throw new UsageError('--mime takes the whole message from standard input: leave out the body flags.')
  if (bodyGiven) return client.messages.send(compose(given, await filled(context, given)), options)
  if (context.input.isTerminal) {
    throw new UsageError(
      'The message has no body. Give --text or --html, or pipe a text or a MIME message in. See: bulkhead send --help.',
    )
  }
  const piped = await context.input.read(MESSAGE_BYTES_MAX)
  if (asksMime || looksLikeMime(piped)) return client.messages.sendMime(piped, mimeInput(given), options)
  if (piped.length === 0) throw new UsageError('Standard input is empty, and there is no --text or --html.')
  return client.messages.send(
    compose(given, { subject: given.flag(subject) ?? '', text: decode(piped, 'Standard input') }),
    options,
  )
}

/** Whether bytes begin with header fields of which one is From: then they are a message and not a text. */
function looksLikeMime(content: Uint8Array): boolean {
  const head = Buffer.from(content.subarray(0, 64 * 1024)).toString('latin1')
  const end = /\r?\n\r?\n/.exec(head)?.index ?? head.length
  const lines = head.slice(0, end).split(/\r?\n/)
  const fields = lines.every((line) => /^([!-9;-~]+:|[ \t])/.test(line))
  return fields && lines.some((line) => /^from:/i.test(line)) && lines.length > 1
}

function mimeInput(given: Given): MessagesSendMimeInput {
  for (const flag of COMPOSED_ONLY) {
    if (given.flag(flag).length > 0)
      throw new UsageError(
        `--${flag.name} cannot be added to a finished MIME message. Write it into the message.`,
      )
  }
  if (given.flag(unsubscribe))
    throw new UsageError(
      '--unsubscribe cannot be added to a finished MIME message. Write X-Bulkhead-Unsubscribe: on into it.',
    )
  for (const flag of [subject, event, actorIp, accountRef, trackOpens, trackClicks]) {
    if (given.flag(flag) !== undefined)
      throw new UsageError(
        `--${flag.name} cannot be added to a finished MIME message. Write it into the message.`,
      )
  }
  const recipients = given.flag(to)
  const tags = given.flag(tag)
  return {
    from: given.flag(from),
    to: recipients.length === 0 ? undefined : recipients,
    tag: tags.length === 0 ? undefined : tags,
    lane: given.flag(lane),
    sensitive: given.flag(sensitive) ? 'true' : undefined,
    sendAt: given.flag(sendAt),
    expiresAt: given.flag(expiresAt),
  }
}

function bodiesOf(given: Given): Pick<SendRequest, 'subject' | 'text' | 'html'> {
  const fromFile = (flag: typeof textFile): string | undefined => {
    const path = given.flag(flag)
    return path === undefined ? undefined : decode(readLocal(path, MESSAGE_BYTES_MAX), path)
  }
  return {
    subject: given.flag(subject) ?? '',
    text: given.flag(plain) ?? fromFile(textFile),
    html: given.flag(html) ?? fromFile(htmlFile),
  }
}

/** What the flags say, filled where they say in which language it is written, or with what. */
async function filled(context: Context, given: Given): Promise<Content> {
  const data = await givenData(context, given)
  const language = given.flag(dialect)
  const fill = data === undefined && language === undefined ? undefined : { dialect: language, data }
  return { ...bodiesOf(given), fill }
}

async function fromTemplate(context: Context, given: Given, id: string): Promise<SendRequest> {
  const version = given.flag(templateVersion)
  return compose(given, {
    template: {
      id,
      version: version === undefined ? undefined : versionOf(version),
      data: await givenData(context, given),
    },
  })
}

type Content = Pick<SendRequest, 'subject' | 'html' | 'text' | 'template' | 'fill'>

function compose(given: Given, content: Content): SendRequest {
  const sender = given.flag(from)
  const recipients = given.flag(to)
  if (sender === undefined) throw new UsageError('--from is missing: who sends? See: bulkhead domains list.')
  if (recipients.length === 0) throw new UsageError('--to is missing: who gets the message?')
  const context = {
    event: given.flag(event),
    actorIp: given.flag(actorIp),
    accountRef: given.flag(accountRef),
  }
  const hasContext = Object.values(context).some((value) => value !== undefined)
  const attachments = [...given.flag(attach).map(attachment), ...given.flag(inline).map(inlineImage)]
  return {
    from: sender,
    to: recipients,
    cc: nonEmpty(given.flag(cc)),
    bcc: nonEmpty(given.flag(bcc)),
    replyTo: nonEmpty(given.flag(replyTo)),
    ...content,
    headers: pairs(given.flag(header), ':', 'header'),
    attachments: attachments.length === 0 ? undefined : attachments,
    tags: nonEmpty(given.flag(tag)),
    metadata: pairs(given.flag(metadata), '=', 'metadata'),
    sendAt: given.flag(sendAt),
    expiresAt: given.flag(expiresAt),
    lane: given.flag(lane),
    sensitive: given.flag(sensitive) ? true : undefined,
    tracking: trackingOf(given),
    unsubscribe: given.flag(unsubscribe) ? true : undefined,
    context: hasContext ? context : undefined,
  }
}

function trackingOf(given: Given): SendRequest['tracking'] {
  const [opens, clicks] = [given.flag(trackOpens), given.flag(trackClicks)]
  if (opens === undefined && clicks === undefined) return undefined
  return {
    opens: opens === undefined ? undefined : opens === 'on',
    clicks: clicks === undefined ? undefined : clicks === 'on',
  }
}

function nonEmpty(items: readonly string[]): readonly string[] | undefined {
  return items.length === 0 ? undefined : items
}

function attachment(path: string) {
  return { filename: basename(path), content: readLocal(path, MESSAGE_BYTES_MAX).toString('base64') }
}

function inlineImage(given: string) {
  const at = given.indexOf('=')
  if (at < 1) throw new UsageError(`--inline ${given}: write CID=FILE, such as logo=logo.png.`)
  return { ...attachment(given.slice(at + 1)), contentId: given.slice(0, at), inline: true }
}

function pairs(
  items: readonly string[],
  separator: string,
  name: string,
): Record<string, string> | undefined {
  if (items.length === 0) return undefined
  return Object.fromEntries(
    items.map((item) => {
      const at = item.indexOf(separator)
      if (at < 1) throw new UsageError(`--${name} ${item}: write NAME${separator}VALUE.`)
      return [item.slice(0, at).trim(), item.slice(at + 1).trim()]
    }),
  )
}

function decode(content: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    throw new UsageError(`${source} is not a text in UTF-8.`)
  }
}

function showAccepted(context: Context, accepted: AcceptedMessage): void {
  context.out.show(accepted, (screen) =>
    [
      `Accepted as ${accepted.id}\n`,
      table(
        [
          { title: 'RECIPIENT', of: (row) => row.email },
          {
            title: 'STATE',
            of: (row) => row.state,
            paint: (cell, row) => paintState(row.state, cell, screen.paint),
          },
        ],
        accepted.recipients,
        screen,
      ),
      screen.paint.dim(`Follow it: bulkhead messages show ${accepted.id}\n`),
    ].join(''),
  )
}
