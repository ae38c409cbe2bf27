import { isObject } from '../json-object.ts'
import type { JsonObject } from '../json-object.ts'
import { parseMailbox } from '../../../kernel/email-address.ts'
import { helpOn, vendorError } from './errors.ts'
import type { VendorError } from './errors.ts'
import type { Mailbox, Strings } from './mail-request.ts'

/** Collects what is wrong with a request: the vendor tells several things at once. */
export interface Problems {
  readonly found: readonly VendorError[]
  /** `anchor`: where the vendor's page of errors explains it, without `message.`. */
  add(message: string, field: string, anchor?: string | null): undefined
}

/** Nobody reads more, and an answer must not be larger than what was asked. */
const PROBLEMS_MAX = 100

export function createProblems(): Problems {
  const found: VendorError[] = []
  return {
    found,
    add(message, field, anchor = field.replaceAll(/\.\d+/g, '')) {
      const help = anchor === null ? null : helpOn(anchor.startsWith('-') ? anchor : `message.${anchor}`)
      if (found.length < PROBLEMS_MAX) found.push(vendorError(message, field, help))
    },
  }
}

/** The name of a type as the vendor's checker says it. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isSafeInteger(value) ? 'integer' : typeof value
}

type Named = { object: JsonObject; array: readonly unknown[]; string: string; boolean: boolean }

const IS: { readonly [Name in keyof Named]: (value: unknown) => value is Named[Name] } = {
  object: isObject,
  array: (value): value is readonly unknown[] => Array.isArray(value),
  string: (value): value is string => typeof value === 'string',
  boolean: (value): value is boolean => typeof value === 'boolean',
}

/** The value where it is of a type; else a problem, in `message` or the words of the vendor's checker, and undefined. Nothing is wrong with what is absent. */
export function typed<Name extends keyof Named>(
  problems: Problems,
  name: Name,
  value: unknown,
  field: string,
  about: { readonly message?: string; readonly anchor?: string | null } = {},
): Named[Name] | undefined {
  if (value === undefined) return undefined
  if (IS[name](value)) return value
  return problems.add(
    about.message ?? `Invalid type. Expected: ${name}, given: ${typeOf(value)}.`,
    field,
    about.anchor,
  )
}

const ADDRESS_CHARS_MAX = 320

export interface MailboxWords {
  readonly anchor: string
  /** As in "The To email exceeds …". */
  readonly title: string
  /** Where there is no address at all. */
  readonly missing: string
  readonly invalid: string
}

/** A mailbox as the vendor writes it, of an address that mail can be sent to. */
export function mailboxOf(
  problems: Problems,
  value: unknown,
  field: string,
  words: MailboxWords,
): Mailbox | undefined {
  const { anchor } = words
  const box = typed(problems, 'object', value, field, { anchor })
  if (box === undefined) return undefined
  if (box['email'] === undefined) return problems.add(words.missing, `${field}.email`, anchor)
  const email = typed(problems, 'string', box['email'], `${field}.email`, { anchor })
  // Programs send a name that they do not have as null.
  const name = typed(problems, 'string', box['name'] ?? undefined, `${field}.name`, { anchor })
  if (email === undefined || (name === undefined && (box['name'] ?? undefined) !== undefined))
    return undefined
  if (email.length > ADDRESS_CHARS_MAX)
    return problems.add(
      `The ${words.title} email exceeds the maximum total length of ${ADDRESS_CHARS_MAX} characters`,
      `${field}.email`,
      anchor,
    )
  const parsed = parseMailbox({ email, ...(name === undefined ? {} : { name }) })
  if (!parsed.ok) return problems.add(words.invalid, `${field}.email`, anchor)
  return name === undefined || name.trim() === '' ? { email } : { email, name }
}

/** An object all of whose values are texts. */
export function stringsOf(
  problems: Problems,
  value: unknown,
  field: string,
  about: { readonly message: string; readonly anchor?: string },
): Strings {
  const given = typed(
    problems,
    'object',
    value,
    field,
    about.anchor === undefined ? {} : { anchor: about.anchor },
  )
  if (given === undefined) return {}
  const strings: Record<string, string> = Object.create(null)
  for (const [key, text] of Object.entries(given)) {
    if (typeof text === 'string') strings[key] = text
    else {
      problems.add(about.message, field, about.anchor)
      break
    }
  }
  return strings
}

export function bytesOf(strings: Strings): number {
  return Object.entries(strings).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
}
