import { Fault } from '../../../kernel/faults.ts'
import type { FieldProblem } from '../../../kernel/faults.ts'
import { helpOn, refuse, vendorError, vendorPath } from './errors.ts'
import type { VendorError } from './errors.ts'
import type { MailRequest } from './mail-request.ts'

export const SENDER_REFUSED =
  'The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender Identity requirements'

const PLACE = /^messages\[(\d+)\]\.?/

/** Fields of ours that this vendor calls otherwise. */
const NAMES: readonly (readonly [ours: RegExp, theirs: string])[] = [
  [/^(to|cc|bcc)\b/, 'personalizations.%.$1'],
  [/^replyTo\b/, 'reply_to'],
  [/^(html|text|alternatives)\b/, 'content'],
  [/^(headers|messageId)\b.*/, 'headers'],
  [/^(attachments\[\d+\])\.contentType$/, '$1.type'],
  [/^(attachments\[\d+\])\.contentId$/, '$1.content_id'],
  [/^tags\b/, 'categories'],
  [/^metadata\b/, 'custom_args'],
  [/^sendAt\b/, 'send_at'],
  [/^template\.data\b/, 'personalizations.%.dynamic_template_data'],
  [/^template\b/, 'template_id'],
  [/^fill\.data\b/, 'personalizations.%.substitutions'],
  [/^topic\b/, 'asm.group_id'],
  [/^batch\b/, 'batch_id'],
  [/^lane\b/, 'ip_pool_name'],
  [/^finish\.replace\b.*/, 'tracking_settings.subscription_tracking.substitution_tag'],
  [/^finish\.append\b.*/, 'mail_settings.footer'],
  [/^finish\.linkParameters\b.*/, 'tracking_settings.ganalytics'],
  [/^tracking\.opens\b/, 'tracking_settings.open_tracking.enable'],
  [/^tracking\.clicks\b/, 'tracking_settings.click_tracking.enable'],
]

/** A refusal of one of our messages, as one of the vendor's request. */
export function refusalOf(error: unknown, mail: MailRequest): unknown {
  if (!(error instanceof Fault)) return error
  if (error.code === 'sender_refused') return refuse(403, vendorError(SENDER_REFUSED, 'from'))
  if (!['invalid_request', 'template_failed', 'too_many_recipients'].includes(error.code)) return error
  if (error.fields.length === 0) return error
  const subaccount = error.fields.find(({ field }) => field.endsWith('subaccount'))
  if (subaccount !== undefined)
    return refuse(403, vendorError('access forbidden'), vendorError(`On-Behalf-Of: ${subaccount.problem}`))
  return refuse(400, ...error.fields.map((problem) => errorOf(problem, mail)))
}

function errorOf({ field, problem, fix }: FieldProblem, mail: MailRequest): VendorError {
  const number = PLACE.exec(field)?.[1] ?? '0'
  const ours = field.replace(PLACE, '')
  const named = NAMES.find(([pattern]) => pattern.test(ours))
  const path = vendorPath(named === undefined ? ours : ours.replace(named[0], named[1]).replace('%', number))
  const help = helpOn(`message.${path.replaceAll(/\.\d+/g, '')}`)
  if (ours === 'template.id' && mail.template !== undefined)
    return vendorError(
      `The Template ID must be a valid template id for your account. You provided ${mail.template.id}.${problem.startsWith('names no') ? '' : ` It ${problem}.`}`,
      'template_id',
      helpOn('message.template_id'),
    )
  if (ours === 'topic' && mail.asm !== undefined)
    return vendorError(
      `The ASM group ID must be a valid Group ID on your account. You provided ${mail.asm.groupId}.`,
      path,
      help,
    )
  if (/^headers\[\d+\]\.name$/.test(ours))
    return vendorError('Header can not be one of the reserved keys.', path, help)
  if (ours === 'batch') return vendorError('invalid batch id', path, help)
  if (/^(to|cc|bcc|from)\b/.test(ours)) return vendorError('Does not contain a valid address.', path, help)
  return vendorError(`${path}: ${problem}${fix === undefined ? '' : `. ${fix}`}`, path, help)
}
