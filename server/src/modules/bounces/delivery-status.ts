import { fieldOf, readFieldGroups, type TextField } from '../../platform/mime/index.ts'
import { classifyRefusal, codesIn, type Classification } from './classify.ts'
import {
  ACTIONS,
  DIAGNOSTIC_CHARS_MAX,
  REPORT_RECIPIENTS_MAX,
  reportedName,
  type Action,
  type ReportedRecipient,
} from './report.ts'

/** A delivery status (RFC 3464 §2, RFC 6533 §3), or null where it names no recipient. */
export function readDeliveryStatus(body: Buffer): {
  readonly reportingMta: string | null
  readonly recipients: readonly ReportedRecipient[]
  readonly truncated: boolean
} | null {
  const groups = readFieldGroups(body, REPORT_RECIPIENTS_MAX + 2)
  let reportingMta: string | null = null
  const recipients: ReportedRecipient[] = []
  let truncated = false
  for (const fields of groups) {
    reportingMta ??= reportedName(fieldOf({ fields }, 'reporting-mta'))
    // Some servers write both kinds of fields in one group, and some leave Final-Recipient out.
    if (!fields.some(({ name }) => name === 'final-recipient' || name === 'original-recipient')) continue
    if (recipients.length >= REPORT_RECIPIENTS_MAX) {
      truncated = true
      break
    }
    recipients.push(recipientOf(fields))
  }
  return recipients.length === 0 ? null : { reportingMta, recipients, truncated }
}

function recipientOf(fields: readonly TextField[]): ReportedRecipient {
  const value = (name: string): string | null => fieldOf({ fields }, name)
  const written = value('status') ?? ''
  const status = /([245]\.\d{1,3}\.\d{1,3})/.exec(written)?.[1] ?? null
  const diagnostic = (value('diagnostic-code') ?? '')
    .replace(/^\s*(?:smtp|x-[a-z0-9-]{1,40})\s*;\s*/i, '')
    .slice(0, DIAGNOSTIC_CHARS_MAX)
  const action = actionOf(value('action'), status)
  return {
    addresses: [
      ...new Set(
        ['final-recipient', 'original-recipient', 'x-actual-recipient'].flatMap((name) =>
          addressesOf(value(name)),
        ),
      ),
    ],
    action,
    status,
    diagnostic,
    remoteMta: reportedName(value('remote-mta')),
    classification: action === 'failed' || action === 'delayed' ? judged(action, status, diagnostic) : null,
  }
}

/** A report without a readable action is believed by its code. */
function actionOf(value: string | null, status: string | null): Action {
  const word = /^\s*([a-z]+)/i.exec(value ?? '')?.[1]?.toLowerCase()
  const known = ACTIONS.find((action) => action === word)
  if (known !== undefined) return known
  if (status?.startsWith('2.') === true) return 'delivered'
  return status?.startsWith('4.') === true ? 'delayed' : 'failed'
}

/**
 * Classifies what a report says. The reply of the server that refused tells more than the code that the reporting server made of it, so
 * its code is taken where the other says nothing particular.
 */
export function judged(action: 'failed' | 'delayed', status: string | null, text: string): Classification {
  const said = codesIn(text)
  const isVague = status === null || /^[245]\.(?:\d+\.0|0\.\d+)$/.test(status)
  const enhanced = isVague ? (said.enhanced ?? status ?? undefined) : status
  const found = classifyRefusal({ code: said.code, enhanced, text })
  if (action === 'delayed') return { ...found, permanent: false }
  // What the report calls failed without any code, it gave up.
  const hasCode = status !== null || said.code !== undefined || said.enhanced !== undefined
  return hasCode
    ? { ...found, permanent: found.permanent && status?.startsWith('4.') !== true }
    : { ...found, permanent: true }
}

/** `rfc822; <ann@example.com>` and `utf-8; …`, with and without the encodings of RFC 3461 §4 and RFC 6533 §3 taken off. */
export function addressesOf(value: string | null): string[] {
  if (value === null) return []
  const text = value
    .replace(/^\s*[a-z0-9-]{1,40}\s*;\s*/i, '')
    .trim()
    .replace(/^<(.*)>$/, '$1')
    .slice(0, 1_000)
  const unescaped = text.replaceAll(/\\x\{([0-9a-f]{1,6})\}/gi, (whole, hex: string) => {
    const point = Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
  const decoded = unescaped.replaceAll(/\+([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return [...new Set([unescaped, decoded])].filter(
    (address) => address.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(address.replace(/^"[^"]*"/, 'q')),
  )
}
