import { stringsOf } from './mail-checks.ts'
import type { Problems } from './mail-checks.ts'
import type { Strings } from './mail-request.ts'

/** Fields that the message or the server writes. */
const RESERVED: ReadonlySet<string> = new Set([
  'x-sg-id',
  'x-sg-eid',
  'received',
  'dkim-signature',
  'content-type',
  'content-transfer-encoding',
  'to',
  'from',
  'subject',
  'reply-to',
  'cc',
  'bcc',
])

/** The vendor says the same in two ways. */
const HEADER_WORDS = {
  message: {
    values: 'The header values must be strings.',
    names: 'Header keys cannot contain non-ASCII characters and empty spaces.',
    reserved: 'Header can not be one of the reserved keys.',
  },
  personalization: {
    values: 'All values of the headers object must be strings.',
    names: 'Header keys cannot contain non-ASCII characters or empty spaces.',
    reserved: 'Header cannot be one of the reserved keys.',
  },
} as const

export function readHeaders(problems: Problems, value: unknown, field: string, anchor: string): Strings {
  const words = HEADER_WORDS[anchor === 'headers' ? 'message' : 'personalization']
  const headers = stringsOf(problems, value, field, { message: words.values, anchor })
  const names = Object.keys(headers)
  const lower = names.map((name) => name.toLowerCase())
  if (new Set(lower).size < lower.length)
    problems.add('The headers cannot contain duplicate keys.', field, anchor)
  if (names.some((name) => !/^[\x21-\x7e]+$/.test(name))) problems.add(words.names, field, anchor)
  if (lower.some((name) => RESERVED.has(name))) problems.add(words.reserved, field, anchor)
  return headers
}
