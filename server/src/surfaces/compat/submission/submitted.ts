import { parseAddressList } from '../../../kernel/email-address.ts'
import type { ParsedAddress } from '../../../kernel/email-address.ts'
import { invalidField } from '../../../kernel/faults.ts'
import {
  checkSubmitted,
  decodeHeaderText,
  fieldOf,
  fileNameOf,
  findHeader,
  headerValue,
  partBytes,
  partText,
  readParts,
} from '../../../platform/mime/index.ts'
import type { MimePart } from '../../../platform/mime/index.ts'

/** A message that came whole, taken apart: what it takes to write another one like it. */
export interface Submitted {
  readonly from: Named
  readonly to: readonly Named[]
  readonly cc: readonly Named[]
  readonly bcc: readonly Named[]
  readonly replyTo: readonly Named[]
  readonly subject: string
  readonly text?: string
  readonly html?: string
  /** Other kinds of text of the same content. */
  readonly alternatives: readonly { readonly contentType: string; readonly content: string }[]
  readonly attachments: readonly SubmittedFile[]
  /** Fields that are no address, no date and no structure: the sender's own. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Named {
  readonly email: string
  readonly name?: string
}

export interface SubmittedFile {
  readonly filename: string
  /** Base64. */
  readonly content: string
  readonly contentType: string
  readonly contentId?: string
  readonly inline?: true
}

const PART_BYTES_MAX = 40 * 1024 * 1024
const BOUNDS = { parts: 500, depth: 20, fields: 500, headerBytes: 262_144 }

/** Fields that the new message gets of its own. */
const REWRITTEN =
  /^(?:from|to|cc|bcc|reply-to|subject|date|message-id|mime-version|sender|received|return-path|dkim-signature|authentication-results|arc-.*|resent-.*|content-.*)$/

/** The first value of a field as it was meant: unfolded, and its encoded words (RFC 2047) as text. Undefined: there is none. */
export function fieldText(raw: Buffer, name: string): string | undefined {
  const { block } = checked(raw)
  const field = findHeader(block, name)
  return field === undefined ? undefined : decodeHeaderText(headerValue(raw, field))
}

/** Takes a message apart. Refused is what nobody may rewrite: a signature would not hold any more, and what is encrypted has no parts. */
export function takenApart(raw: Buffer, withoutFields: readonly string[]): Submitted {
  const { block } = checked(raw)
  const tree = readParts(raw, BOUNDS)
  if (tree.truncated)
    throw invalidField('message', `has more than ${BOUNDS.parts} parts, or parts too deep in others`)
  if (/^multipart\/(?:signed|encrypted)$/.test(tree.root.type))
    throw invalidField('message', 'is signed or encrypted, and cannot be written anew for each recipient')
  const value = (name: string): string | undefined => {
    const field = findHeader(block, name)
    return field === undefined ? undefined : headerValue(raw, field)
  }
  const left = new Set(withoutFields)
  const headers: Record<string, string> = {}
  for (const field of block.headers) {
    if (REWRITTEN.test(field.name) || left.has(field.name)) continue
    headers[field.name] ??= decodeHeaderText(headerValue(raw, field))
  }
  const [from] = addresses('From', value('from'))
  if (from === undefined) throw invalidField('From', 'names no address')
  return {
    from,
    to: addresses('To', value('to')),
    cc: addresses('Cc', value('cc')),
    bcc: addresses('Bcc', value('bcc')),
    replyTo: addresses('Reply-To', value('reply-to')),
    subject: decodeHeaderText(value('subject') ?? ''),
    headers,
    ...contentOf(tree.leaves),
  }
}

/** Whom the fields of a message name. */
export function addressedBy(raw: Buffer): Pick<Submitted, 'to' | 'cc' | 'bcc'> {
  const { block } = checked(raw)
  const named = (name: string): Named[] => {
    const field = findHeader(block, name)
    return addresses(name, field === undefined ? undefined : headerValue(raw, field))
  }
  return { to: named('to'), cc: named('cc'), bcc: named('bcc') }
}

function checked(raw: Buffer) {
  const submitted = checkSubmitted(raw)
  if (!submitted.ok) throw invalidField('message', submitted.problem)
  return submitted
}

function addresses(field: string, value: string | undefined): Named[] {
  if (value === undefined || value.trim() === '') return []
  const parsed = parseAddressList(value)
  if (!parsed.ok) throw invalidField(field, parsed.problem)
  return parsed.addresses.map(named)
}

function named({ email, display }: ParsedAddress): Named {
  return display === undefined ? { email } : { email, name: decodeHeaderText(display) }
}

type Content = Pick<Submitted, 'text' | 'html' | 'alternatives' | 'attachments'>

function contentOf(leaves: readonly MimePart[]): Content {
  const text = leaves.find((part) => isShown(part, 'text/plain'))
  const html = leaves.find((part) => isShown(part, 'text/html'))
  const rest = leaves.filter((part) => part !== text && part !== html)
  const others = rest.filter(
    (part) => /^text\/(?!plain$|html$)/.test(part.type) && dispositionOf(part) === '',
  )
  return {
    ...(text === undefined ? {} : { text: partText(text, PART_BYTES_MAX) }),
    ...(html === undefined ? {} : { html: partText(html, PART_BYTES_MAX) }),
    alternatives: others.map((part) => {
      const method = part.parameters.get('method')
      return {
        contentType: method === undefined ? part.type : `${part.type}; method=${method}`,
        content: partText(part, PART_BYTES_MAX),
      }
    }),
    attachments: rest.filter((part) => !others.includes(part)).map(fileOf),
  }
}

function isShown(part: MimePart, type: string): boolean {
  return part.type === type && dispositionOf(part) !== 'attachment' && fileNameOf(part) === undefined
}

function dispositionOf(part: MimePart): string {
  return (fieldOf(part, 'content-disposition') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function fileOf(part: MimePart, position: number): SubmittedFile {
  const contentId = fieldOf(part, 'content-id')?.replaceAll(/^<|>$/g, '')
  const isInline = dispositionOf(part) === 'inline' || (contentId !== undefined && dispositionOf(part) === '')
  return {
    filename: fileNameOf(part)?.slice(0, 255) ?? `attachment-${position + 1}`,
    content: partBytes(part, PART_BYTES_MAX).toString('base64'),
    contentType: part.type,
    ...(contentId === undefined || contentId === '' ? {} : { contentId }),
    ...(isInline ? { inline: true } : {}),
  }
}
