import type { z } from 'zod'
import { invalidField } from '../../../kernel/faults.ts'
import { literalReplacer } from '../../../kernel/replace-literals.ts'
import type { SendRequest } from '../../../modules/messages/index.ts'
import { OPEN_MARK } from '../../../modules/tracking/index.ts'
import { UNSUBSCRIBE_PLACEHOLDER } from '../../../platform/templates/index.ts'
import type {
  Bypass,
  Mailbox,
  MailContent,
  MailAttachment,
  MailRequest,
  Personalization,
  Strings,
  TemplateChoice,
} from './mail-request.ts'
import { subscriptionFooter, unsubscribeTags } from './mail-text.ts'

type Sendable = z.input<typeof SendRequest>
type Lane = NonNullable<Sendable['lane']>

/** What a request names beside its content, as ids of ours. */
export interface Placement {
  readonly topic?: string
  readonly lane?: Lane
  readonly subaccount?: string
}

/** Of a reply address after substitutions; what would be longer is no address. */
const ADDRESS_CHARS_MAX = 10_000
const ENTRIES_MAX = 500_000

/** Our requests of one of this vendor's: one for each personalization, whose recipients get the same message and see each other. */
export function translateMail(mail: MailRequest, placement: Placement): Sendable[] {
  requireFew(mail)
  const whole = wholeOf(mail, placement)
  return mail.personalizations.map((person) => messageOf(mail, person, whole))
}

/** What is said once for all is copied for each: a body of a megabyte can fill the memory of a process that serves everybody. */
function requireFew({ personalizations, sections, headers, customArgs }: MailRequest): void {
  for (const [field, entries] of Object.entries({ sections, headers, customArgs })) {
    if (Object.keys(entries).length * personalizations.length > ENTRIES_MAX)
      throw invalidField(field, `has more than ${ENTRIES_MAX} entries, counted for each personalization`)
  }
}

/** What is the same for every recipient. */
function wholeOf(mail: MailRequest, placement: Placement): Partial<Sendable> {
  const { tracking, settings } = mail
  const bypass = bypassOf(settings.bypass)
  const alternatives = alternativesOf(mail.content)
  return {
    ...placement,
    ...(mail.attachments.length === 0 ? {} : { attachments: mail.attachments.map(attachmentOf) }),
    ...(alternatives.length === 0 || mail.template?.kind === 'dynamic' ? {} : { alternatives }),
    ...(mail.categories.length === 0 ? {} : { tags: [...mail.categories] }),
    ...(mail.batchId === undefined ? {} : { batch: mail.batchId }),
    ...(bypass.length === 0 ? {} : { bypass }),
    ...(tracking.clicks === undefined && tracking.opens === undefined
      ? {}
      : {
          tracking: {
            ...(tracking.clicks === undefined ? {} : { clicks: tracking.clicks }),
            ...(tracking.opens === undefined ? {} : { opens: tracking.opens }),
          },
        }),
    ...(tracking.subscription === undefined ? {} : { unsubscribe: true }),
    finish: finishOf(mail),
  }
}

const REASONS: Readonly<Record<Bypass, NonNullable<Sendable['bypass']>>> = {
  all: ['unsubscribe', 'topic', 'hard_bounce', 'complaint', 'manual'],
  spam: ['complaint'],
  bounce: ['hard_bounce'],
  unsubscribe: ['unsubscribe', 'topic'],
}

export function bypassOf(settings: readonly Bypass[]): NonNullable<Sendable['bypass']> {
  return [...new Set(settings.flatMap((setting) => REASONS[setting]))]
}

function finishOf({ settings, tracking }: MailRequest): NonNullable<Sendable['finish']> {
  const tags = unsubscribeTags(tracking.subscription)
  const { subscription, analytics, openTag } = tracking
  const footer =
    subscription === undefined || subscription.tag !== undefined
      ? undefined
      : subscriptionFooter(subscription)
  const html = `${settings.footer?.html ?? ''}${footer?.html ?? ''}`
  const text = `${settings.footer === undefined ? '' : `\n${settings.footer.text}`}${footer === undefined ? '' : `\n\n${footer.text}`}`
  return {
    replace: {
      html: { ...tags.html, ...(openTag === undefined ? {} : { [openTag]: OPEN_MARK }) },
      text: { ...tags.text, ...(openTag === undefined ? {} : { [openTag]: '' }) },
    },
    ...(html === '' && text === '' ? {} : { append: { html, text } }),
    ...(analytics === undefined || analytics.length === 0
      ? {}
      : { linkParameters: Object.fromEntries(analytics) }),
  }
}

/** What would become too long is refused with its field. */
export function bounded<T>(field: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidField(field, 'is too long once substitutions are made')
  }
}

function messageOf(mail: MailRequest, person: Personalization, whole: Partial<Sendable>): Sendable {
  const substitute = literalReplacer(person.substitutions, ADDRESS_CHARS_MAX)
  const { headers, messageId } = headersOf(mail.headers, person.headers)
  const metadata = { ...mail.customArgs, ...person.customArgs }
  const sendAt = person.sendAt ?? mail.sendAt
  const replyTo = bounded('replyTo', () => mail.replyTo.map((box) => substituted(box, substitute)))
  const subject = person.subject ?? mail.subject
  const blind = mail.settings.bcc
  const isNamed = [...person.to, ...person.cc, ...person.bcc].some(({ email }) => email === blind)
  const bcc = [...person.bcc, ...(blind === undefined || isNamed ? [] : [{ email: blind }])]
  return {
    ...whole,
    from: mailbox(person.from ?? mail.from),
    to: person.to.map(mailbox),
    ...(person.cc.length === 0 ? {} : { cc: person.cc.map(mailbox) }),
    ...(bcc.length === 0 ? {} : { bcc: bcc.map(mailbox) }),
    ...(replyTo.length === 0 ? {} : { replyTo }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(sendAt === undefined ? {} : { sendAt: new Date(sendAt * 1_000).toISOString() }),
    ...(mail.template === undefined
      ? ownParts(mail, person, subject)
      : templateParts(mail, mail.template, person, subject)),
  }
}

/** Those of a personalization count more, however they are written. Message-ID is one that we have a field for. */
function headersOf(all: Strings, own: Strings): { headers: Record<string, string>; messageId?: string } {
  const named = new Map(
    [...Object.entries(all), ...Object.entries(own)].map((field) => [field[0].toLowerCase(), field]),
  )
  const messageId = named.get('message-id')?.[1]
  named.delete('message-id')
  return { headers: Object.fromEntries(named.values()), ...(messageId === undefined ? {} : { messageId }) }
}

function mailbox({ email, name }: Mailbox): { email: string; name?: string } {
  return name === undefined ? { email } : { email, name }
}

function substituted({ email, name }: Mailbox, substitute: (text: string) => string) {
  return mailbox({ email: substitute(email), ...(name === undefined ? {} : { name: substitute(name) }) })
}

function attachmentOf({ content, filename, type, contentId, isInline }: MailAttachment) {
  return {
    content,
    filename,
    ...(type === undefined ? {} : { contentType: type }),
    ...(contentId === undefined ? {} : { contentId }),
    ...(isInline ? { inline: true } : {}),
  }
}

function partOf(content: readonly MailContent[], type: string): string | undefined {
  return content.find((one) => one.type.toLowerCase() === type)?.value
}

/** Calendars say in a parameter too what is to be done with them (RFC 6047 §2.4), which the vendor's types cannot have. */
const METHOD = /^METHOD:([A-Z-]{1,30})\s*$/im

function alternativesOf(content: readonly MailContent[]): { contentType: string; content: string }[] {
  return content
    .filter(({ type }) => !['text/plain', 'text/html'].includes(type.toLowerCase()))
    .map(({ type, value }) => {
      const method = type.toLowerCase() === 'text/calendar' ? METHOD.exec(value)?.[1] : undefined
      return { contentType: method === undefined ? type : `${type}; method=${method}`, content: value }
    })
}

function ownParts(
  mail: MailRequest,
  { substitutions }: Personalization,
  subject = '',
): Pick<Sendable, 'subject' | 'text' | 'html' | 'fill'> {
  const text = partOf(mail.content, 'text/plain')
  const html = partOf(mail.content, 'text/html')
  const isOther = text === undefined && html === undefined
  const isFilled = [substitutions, mail.sections].some((tags) => Object.keys(tags).length > 0)
  return {
    subject,
    // A calendar alone is mail at this vendor; ours has a text, if an empty one.
    ...(text === undefined && !isOther ? {} : { text: text ?? '' }),
    ...(html === undefined ? {} : { html }),
    ...(isFilled
      ? {
          fill: {
            dialect: 'sendgrid-legacy' as const,
            data: { substitutions: { ...substitutions }, sections: { ...mail.sections } },
          },
        }
      : {}),
  }
}

/** Names that templates use for the links of leaving. */
const LEAVING = {
  unsubscribe: UNSUBSCRIBE_PLACEHOLDER,
  unsubscribe_preferences: UNSUBSCRIBE_PLACEHOLDER,
}

function templateParts(
  { content, sections }: MailRequest,
  { kind, reference }: TemplateChoice,
  { dynamicTemplateData, substitutions }: Personalization,
  subject: string | undefined,
): Pick<Sendable, 'template' | 'subject'> {
  const own = subject === undefined ? {} : { subject }
  if (kind === 'dynamic')
    return { ...own, template: { id: reference, data: { ...LEAVING, ...dynamicTemplateData } } }
  const said = [
    ['subject', subject ?? ''],
    ['html', partOf(content, 'text/html')],
    ['text', partOf(content, 'text/plain')],
  ] as const
  return {
    ...own,
    template: {
      id: reference,
      data: { substitutions: { ...substitutions }, sections: { ...sections } },
      // What is not said empties its place.
      editable: said.flatMap(([name, value]) => (value === undefined ? [] : [{ name, content: value }])),
    },
  }
}
