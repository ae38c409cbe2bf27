import { invalidField } from '../../../kernel/faults.ts'
import { literalReplacer } from '../../../kernel/replace-literals.ts'
import { parseSendRequest } from '../../../modules/messages/index.ts'
import type { Controls } from '../../../modules/messages/index.ts'
import { withoutHeaders } from '../../../platform/mime/index.ts'
import { fieldText, takenApart } from '../submission/submitted.ts'
import type { Named, Submitted } from '../submission/submitted.ts'
import type { AtSubmission, Translate, Translation } from '../submission/translation.ts'
import type { MailRequest, Personalization, Strings } from './mail-request.ts'
import { bounded, bypassOf, translateMail } from './mail-translate.ts'
import { poolLane } from './pools.ts'
import { readSmtpApi } from './smtpapi-read.ts'
import type { SmtpApi } from './smtpapi-read.ts'

const FIELD = 'x-smtpapi'
/** Of a value of unique_args after substitutions. */
const ARG_CHARS_MAX = 10_000

/**
 * The header X-SMTPAPI of the vendor's submission server: only the first one counts, and none leaves. Where it says nothing about content or
 * recipients the message goes as it came, byte for byte; else one is written for each recipient.
 */
export const translateSmtpApi: Translate = (message) => {
  const text = fieldText(message.raw, FIELD)
  if (text === undefined) return null
  if (text.trim() === '') return { kind: 'whole', raw: withoutHeaders(message.raw, [FIELD]), controls: {} }
  const api = readSmtpApi(text, message.nowMs)
  return changesContent(api, message.raw) ? rewritten(message, api) : whole(message.raw, api)
}

/** Tags that stand for links of leaving, `<%asm_…%>`, as they look before any transfer encoding and in quoted-printable. */
const LINK_TAG = '<%asm_'

function changesContent(api: SmtpApi, raw: Buffer): boolean {
  const { filters } = api
  if (api.to !== undefined || api.sendEachAt !== undefined || Object.keys(api.sub).length > 0) return true
  const { footer, subscription, analytics, bcc, openTag, frame } = filters
  if (footer ?? subscription ?? analytics ?? bcc ?? openTag ?? frame) return true
  if (Object.keys(api.section).length > 0) return true
  const { text = '', html = '' } = api.groupId === undefined ? {} : takenApart(raw, [FIELD])
  return text.includes(LINK_TAG) || html.includes(LINK_TAG)
}

function whole(raw: Buffer, api: SmtpApi): Translation {
  const lane = laneOf(api)
  const bypass = bypassOf(api.filters.bypassAll ? ['all'] : [])
  const controls: Partial<Controls> = {
    ...(lane === undefined ? {} : { lane }),
    ...(api.categories.length === 0 ? {} : { tags: api.categories }),
    ...(Object.keys(api.uniqueArgs).length === 0 ? {} : { metadata: api.uniqueArgs }),
    ...(api.sendAt === undefined ? {} : { sendAt: timeOf(api.sendAt) }),
    ...(api.groupId === undefined ? {} : { topic: String(api.groupId) }),
    ...(api.batchId === undefined ? {} : { batch: api.batchId }),
    ...(bypass.length === 0 ? {} : { bypass }),
    ...(api.filters.clicks === undefined ? {} : { trackClicks: api.filters.clicks }),
    ...(api.filters.opens === undefined ? {} : { trackOpens: api.filters.opens }),
  }
  return { kind: 'whole', raw: withoutHeaders(raw, [FIELD]), controls }
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString()
}

function laneOf({ ipPool, filters, groupId }: SmtpApi) {
  const byDefault = filters.subscription !== undefined && groupId === undefined ? 'bulk' : undefined
  return ipPool === undefined ? byDefault : (poolLane(ipPool) ?? byDefault)
}

function rewritten({ raw, recipients }: AtSubmission, api: SmtpApi): Translation {
  const said = takenApart(raw, [FIELD])
  const lane = laneOf(api)
  const mail = mailOf(said, api, peopleOf(said, recipients, api))
  const requests = translateMail(mail, {
    ...(lane === undefined ? {} : { lane }),
    ...(api.groupId === undefined ? {} : { topic: String(api.groupId) }),
  }).map(parseSendRequest)
  return { kind: 'requests', requests }
}

function mailOf(said: Submitted, api: SmtpApi, personalizations: readonly Personalization[]): MailRequest {
  const { filters } = api
  return {
    from: said.from,
    replyTo: said.replyTo,
    personalizations,
    subject: said.subject,
    content: [
      ...(said.text === undefined ? [] : [{ type: 'text/plain', value: said.text }]),
      ...(said.html === undefined ? [] : [{ type: 'text/html', value: framed(said.html, filters.frame) }]),
      ...said.alternatives.map(({ contentType, content }) => ({ type: contentType, value: content })),
    ],
    attachments: said.attachments.map((file) => ({
      content: file.content,
      filename: file.filename,
      type: file.contentType,
      isInline: file.inline === true,
      ...(file.contentId === undefined ? {} : { contentId: file.contentId }),
    })),
    sections: api.section,
    headers: said.headers,
    categories: api.categories,
    customArgs: {},
    ...(api.sendAt === undefined ? {} : { sendAt: api.sendAt }),
    ...(api.batchId === undefined ? {} : { batchId: api.batchId }),
    settings: {
      isSandbox: false,
      bypass: filters.bypassAll ? ['all'] : [],
      ...(filters.footer === undefined ? {} : { footer: filters.footer }),
      ...(filters.bcc === undefined ? {} : { bcc: filters.bcc }),
    },
    tracking: {
      ...(filters.clicks === undefined ? {} : { clicks: filters.clicks }),
      ...(filters.opens === undefined ? {} : { opens: filters.opens }),
      ...(filters.openTag === undefined ? {} : { openTag: filters.openTag }),
      ...(filters.subscription === undefined ? {} : { subscription: filters.subscription }),
      ...(filters.analytics === undefined ? {} : { analytics: filters.analytics }),
    },
  }
}

const BODY = /<%\s*body\s*%>/i

/** The HTML in the first place that a frame has for it. */
function framed(html: string, frame: string | undefined): string {
  return frame !== undefined && BODY.test(frame) ? frame.replace(BODY, () => html) : html
}

/** One for each recipient where the header names them or says something else to each, or the message names nobody; else one for all, as the envelope has them. */
function peopleOf(said: Submitted, recipients: readonly string[], api: SmtpApi): Personalization[] {
  const all = named(said, recipients)
  const isEach = api.to !== undefined || api.sendEachAt !== undefined || Object.keys(api.sub).length > 0
  if (!isEach && all !== null) return [{ ...all, ...argsOf(api, {}) }]
  const names = new Map([...said.to, ...said.cc].map((box) => [box.email.toLowerCase(), box]))
  const to = api.to ?? recipients.map((email) => names.get(email.toLowerCase()) ?? { email })
  for (const [tag, values] of Object.entries(api.sub))
    if (values.length !== to.length)
      throw invalidField(`X-SMTPAPI sub.${tag}`, `has ${values.length} values for ${to.length} recipients`)
  if (api.sendEachAt !== undefined && api.sendEachAt.length !== to.length)
    throw invalidField(
      'X-SMTPAPI send_each_at',
      `has ${api.sendEachAt.length} times for ${to.length} recipients`,
    )
  return to.map((box, at) => {
    const substitutions = Object.fromEntries(
      Object.entries(api.sub).map(([tag, values]) => [tag, values[at] ?? '']),
    )
    const sendAt = api.sendEachAt?.[at]
    return {
      to: [box],
      cc: [],
      bcc: [],
      ...argsOf(api, substitutions),
      ...(sendAt === undefined ? {} : { sendAt }),
    }
  })
}

function argsOf(api: SmtpApi, substitutions: Strings) {
  const substitute = literalReplacer(substitutions, ARG_CHARS_MAX)
  const customArgs = bounded('X-SMTPAPI unique_args', () =>
    Object.fromEntries(Object.entries(api.uniqueArgs).map(([key, value]) => [key, substitute(value)])),
  )
  return { substitutions, customArgs, headers: {} }
}

/** The recipients of the envelope under the field that names them; who is named in none gets it blind. Null: nobody is named, so that nobody may see another. */
function named(
  said: Submitted,
  recipients: readonly string[],
): Pick<Personalization, 'to' | 'cc' | 'bcc'> | null {
  const left = new Map(recipients.map((email) => [email.toLowerCase(), email]))
  const take = (boxes: readonly Named[]): Named[] =>
    boxes.filter(({ email }) => left.delete(email.toLowerCase()))
  const to = take(said.to)
  const cc = take(said.cc)
  const bcc = [...left.values()].map((email) => ({ email }))
  if (to.length > 0) return { to, cc, bcc }
  // A message needs somebody to whom it is: who is named beside them is seen anyway.
  return cc.length > 0 ? { to: cc.slice(0, 1), cc: cc.slice(1), bcc } : null
}
