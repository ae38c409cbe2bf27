import type { z } from 'zod'
import { parseAddressList } from '../../../kernel/email-address.ts'
import type { SendRequest } from '../../../modules/messages/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { mergedVars } from './checks.ts'
import { notValid } from './errors.ts'
import type { Addressee, File, MessageRequest, SendOptions } from './message-request.ts'

export type NativeRequest = z.input<typeof SendRequest>

/** What a template brings to a message. */
export interface TemplateChoice {
  /** Id or alias. */
  readonly id: string
  readonly editable: readonly { readonly name: string; readonly content: string }[]
  /** Null: whoever asks may not look, and it says itself whom it is from. */
  readonly from?: { readonly email: string; readonly name?: string | undefined } | null | undefined
  /** Where the template has none and the message says none; written in the template's language. */
  readonly text?: string | undefined
}

/** One message of ours, and whom of the request it is for. */
export interface Planned {
  readonly request: NativeRequest
  readonly addressees: readonly Addressee[]
}

/** What is said once for all recipients is copied for each of them. */
const ENTRIES_MAX = 500_000

const DIALECTS = { mailchimp: 'merge-tags', handlebars: 'mandrill-handlebars' } as const

const IMPORTANT: readonly (readonly [string, string])[] = [
  ['X-Priority', '1'],
  ['X-MSMail-Priority', 'High'],
  ['Importance', 'high'],
]

/**
 * The messages that a request makes: one for each recipient, who sees nobody else. Where all are to see each other, To and Cc show them all, and
 * still each has a message of his own: it may say something else to him, and has an id of its own.
 */
export function plan(
  message: MessageRequest,
  options: SendOptions,
  nowMs: number,
  template?: TemplateChoice,
): readonly Planned[] {
  const recipients = message.to.filter(({ isValid }) => isValid)
  const entries = Object.keys(message.globalVars).length + Object.keys(message.metadata).length
  if (entries * recipients.length > ENTRIES_MAX)
    throw notValid({
      message: `Enter not more than ${ENTRIES_MAX} merge variables and metadata, those for all counted for each recipient`,
    })
  const shared = sharedOf(message, options, nowMs, template)
  // Once: a text made of HTML costs as much as the HTML is long.
  const written = template === undefined ? writtenParts(message) : undefined
  const shown = message.showsRecipients && recipients.length > 1 ? shownOf(recipients) : undefined
  return recipients.map((addressee) => {
    const email = addressee.email.toLowerCase()
    // The vendor knows the address by itself.
    const data = mergedVars([{ EMAIL: addressee.email }, message.globalVars, message.vars.get(email) ?? {}])
    const metadata = { ...message.metadata, ...message.recipientMetadata.get(email) }
    return {
      addressees: [addressee],
      request: {
        ...shared,
        to: [mailboxOf(addressee)],
        ...(shown === undefined ? {} : { shown }),
        ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
        ...contentOf(message, data, template, written),
      },
    }
  })
}

function shownOf(recipients: readonly Addressee[]) {
  const of = (kind: Addressee['kind']) => recipients.filter((item) => item.kind === kind).map(mailboxOf)
  return { to: of('to'), cc: of('cc') }
}

function mailboxOf({ email, name }: Addressee) {
  return name === undefined ? { email } : { email, name }
}

function contentOf(
  message: MessageRequest,
  data: Record<string, unknown>,
  template: TemplateChoice | undefined,
  written: ReturnType<typeof writtenParts> | undefined,
): Partial<NativeRequest> {
  const { subject, language } = message
  if (template !== undefined) {
    const text = message.text === undefined || message.text === '' ? template.text : message.text
    return {
      template: {
        id: template.id,
        // Where nothing is said the vendor has a setting of the account: here each template knows in what it is written.
        ...(language === undefined ? {} : { dialect: DIALECTS[language] }),
        data,
        editable: [...template.editable],
        ...(subject === undefined || subject === '' ? {} : { subject }),
        ...(text === undefined || text === '' ? {} : { text }),
      },
    }
  }
  return {
    ...written,
    ...(message.isMerged ? { fill: { dialect: DIALECTS[language ?? 'mailchimp'], data } } : {}),
  }
}

function writtenParts({ subject = '', html, text, hasAutoText, hasAutoHtml }: MessageRequest) {
  const hasHtml = html !== undefined && html !== ''
  const hasText = text !== undefined && text !== ''
  if (!hasHtml && !hasText) return { subject, text: '' }
  return {
    subject,
    ...(hasHtml ? { html } : hasAutoHtml ? { html: htmlOfText(text ?? '') } : {}),
    ...(hasText ? { text } : hasAutoText ? { text: textOfHtml(html ?? '') } : {}),
  }
}

const URL_IN_TEXT = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g

/** Paragraphs as they stand, and links that can be followed. What is merged in later is escaped then. */
export function htmlOfText(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const linked = escaped.replaceAll(URL_IN_TEXT, (url) => `<a href="${url}">${url}</a>`)
  const paragraphs = linked.replaceAll('\r\n', '\n').split(/\n{2,}/)
  return paragraphs.map((lines) => `<p>${lines.replaceAll('\n', '<br>\n')}</p>`).join('\n')
}

function sharedOf(
  message: MessageRequest,
  { sendAt }: SendOptions,
  nowMs: number,
  template: TemplateChoice | undefined,
): Omit<NativeRequest, 'to'> {
  const { tracking, tags, subaccount, bccAddress } = message
  const replyTo = message.headers.get('reply-to')?.value
  const messageId = message.headers.get('message-id')?.value.trim()
  const from = fromOf(message, template)
  return {
    ...(from === undefined ? {} : { from }),
    ...(replyTo === undefined || replyTo.trim() === '' ? {} : { replyTo: addressesOf(replyTo) }),
    ...(bccAddress === undefined ? {} : { bcc: [bccAddress] }),
    ...(messageId === undefined || messageId === '' ? {} : { messageId }),
    headers: headersOf(message),
    attachments: [
      ...message.attachments.map((file) => attachmentOf(file, 'attachment')),
      ...message.images.map((file) => ({
        ...attachmentOf(file, 'image'),
        contentId: file.name,
        inline: true,
      })),
    ],
    tags: [...tags],
    ...(subaccount === undefined ? {} : { subaccount }),
    ...(Object.keys(tracking).length === 0 ? {} : { tracking }),
    ...(message.keepsContent ? {} : { sensitive: true, lane: 'transactional' as const }),
    ...(sendAt === undefined || sendAt.getTime() <= nowMs ? {} : { sendAt: sendAt.toISOString() }),
    ...finishOf(message, template),
  }
}

function addressesOf(replyTo: string) {
  const parsed = parseAddressList(replyTo)
  if (!parsed.ok) throw notValid({ message: { headers: { 'Reply-To': parsed.problem } } })
  return parsed.addresses.map(({ email, display }) =>
    display === undefined ? { email } : { email, name: display },
  )
}

function fromOf(message: MessageRequest, template: TemplateChoice | undefined) {
  const email = message.fromEmail ?? template?.from?.email
  if (email === undefined) return undefined
  const name = message.fromName ?? (message.fromEmail === undefined ? template?.from?.name : undefined)
  return name === undefined || name.trim() === '' ? { email } : { email, name }
}

function finishOf(message: MessageRequest, template: TemplateChoice | undefined): Partial<NativeRequest> {
  const { analytics, inlinesCss } = message
  if (analytics === undefined && !inlinesCss) return {}
  const campaign = analytics?.campaign ?? fromOf(message, template)?.email
  return {
    finish: {
      ...(inlinesCss ? { inlineCss: true } : {}),
      ...(analytics === undefined
        ? {}
        : {
            linkParameters: {
              utm_source: 'mandrill',
              utm_medium: 'email',
              ...(campaign === undefined ? {} : { utm_campaign: campaign }),
            },
            linkDomains: [...analytics.domains],
          }),
    },
  }
}

function headersOf({ headers, isImportant }: MessageRequest): Record<string, string> {
  const own = [...headers.values()].filter(({ name }) => !/^(?:reply-to|message-id|x-mc-.*)$/i.test(name))
  const priorities = isImportant ? IMPORTANT.filter(([name]) => !headers.has(name.toLowerCase())) : []
  return Object.fromEntries([...own.map(({ name, value }) => [name, value] as const), ...priorities])
}

function attachmentOf({ type, name, content }: File, fallback: string) {
  return {
    filename: name === '' ? fallback : name,
    content,
    ...(type === '' ? {} : { contentType: type }),
  }
}
