import { parseAddressList } from '../../../kernel/email-address.ts'
import {
  decodeHeaderText,
  fieldOf,
  fileNameOf,
  partBytes,
  partText,
  readParts,
} from '../../../platform/mime/index.ts'
import type { MimePart } from '../../../platform/mime/index.ts'

const PART_BYTES_MAX = 40 * 1024 * 1024

export interface MimeAddress {
  readonly email: string
  readonly name: string | null
}

/** A MIME message as the vendor shows one. */
export interface MimeView {
  readonly subject: string | null
  readonly from: MimeAddress | null
  readonly to: readonly MimeAddress[]
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly text: string | null
  readonly html: string | null
  readonly isFlowed: boolean
  readonly attachments: readonly MimeFile[]
  readonly images: readonly MimeFile[]
}

export interface MimeFile {
  readonly name: string
  readonly type: string
  readonly binary: boolean
  readonly content: string
}

export function viewOf(raw: Buffer): MimeView {
  const { root, leaves } = readParts(raw)
  const bodyOf = (type: string): MimePart | undefined =>
    leaves.find((part) => part.type === type && isBody(part))
  const [text, html] = [bodyOf('text/plain'), bodyOf('text/html')]
  const others = leaves.filter((part) => part !== text && part !== html)
  const subject = fieldOf(root, 'subject')
  return {
    subject: subject === null ? null : decodeHeaderText(subject),
    from: addressesOf(fieldOf(root, 'from'))[0] ?? null,
    to: ['to', 'cc', 'bcc'].flatMap((name) => addressesOf(fieldOf(root, name))),
    headers: headersOf(root),
    text: text === undefined ? null : partText(text, PART_BYTES_MAX),
    html: html === undefined ? null : partText(html, PART_BYTES_MAX),
    isFlowed: text?.parameters.get('format')?.toLowerCase() === 'flowed',
    attachments: others.filter((part) => !isImage(part)).map(fileOf),
    images: others.filter(isImage).map(fileOf),
  }
}

function isBody(part: MimePart): boolean {
  const isText = part.type === 'text/plain' || part.type === 'text/html'
  return isText && !/^attachment\b/i.test(fieldOf(part, 'content-disposition') ?? '')
}

function isImage(part: MimePart): boolean {
  return part.type.startsWith('image/') && fieldOf(part, 'content-id') !== null
}

function addressesOf(value: string | null): readonly MimeAddress[] {
  if (value === null) return []
  const parsed = parseAddressList(value)
  if (!parsed.ok) return []
  return parsed.addresses.map(({ email, display }) => ({
    email,
    name: display === undefined ? null : decodeHeaderText(display),
  }))
}

/** What occurs several times, such as Received, is a list. Names are written as they usually are. */
function headersOf(root: MimePart): MimeView['headers'] {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (const { name, value } of root.fields) {
    const shown = name.replaceAll(
      /(^|-)([a-z])/g,
      (_all, dash: string, letter: string) => `${dash}${letter.toUpperCase()}`,
    )
    const known = headers[shown]
    const decoded = decodeHeaderText(value)
    headers[shown] = known === undefined ? decoded : [known, decoded].flat()
  }
  return headers
}

function fileOf(part: MimePart): MimeFile {
  const named = fileNameOf(part)
  const contentId = fieldOf(part, 'content-id')?.replaceAll(/^<|>$/g, '')
  const isText = part.type.startsWith('text/')
  const bytes = partBytes(part, PART_BYTES_MAX)
  return {
    name: (isImage(part) ? decodeHeaderText(contentId ?? '') : (named ?? contentId)) ?? '',
    type: part.type,
    binary: !isText,
    content: isText ? partText(part, PART_BYTES_MAX) : bytes.toString('base64'),
  }
}
