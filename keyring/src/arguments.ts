import { MAX_ITEMS } from './frames.ts'
import { PURPOSES } from './hierarchy.ts'
import type { Purpose } from './hierarchy.ts'
import { PEPPERS } from './peppers.ts'
import type { PepperName } from './peppers.ts'
import { REFERENCE_PURPOSES } from './reference-keys.ts'
import type { ReferencePurpose } from './reference-keys.ts'
import { Refusal } from './refusal.ts'
import { isUuid } from './uuid.ts'

type Body = Readonly<Record<string, unknown>>

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

function invalid(field: string, wanted: string): Refusal {
  return new Refusal('invalid', `${field} must be ${wanted}`)
}

/** A text of 1 to `maxBytes` bytes that a database keeps as it is: no NUL, and no half of a surrogate pair. */
export function readText(body: Body, field: string, maxBytes: number): string {
  const value = body[field]
  if (
    typeof value !== 'string' ||
    value === '' ||
    Buffer.byteLength(value) > maxBytes ||
    value.includes('\0') ||
    !value.isWellFormed()
  )
    throw invalid(field, `a text of 1 to ${maxBytes} bytes`)
  return value
}

/**
 * A text without control characters, for what is recorded. One that the database refuses would fail the insert that other processes'
 * records share; one that it stores otherwise would look like a changed record.
 */
export function readLine(body: Body, field: string, maxBytes: number): string {
  const value = readText(body, field, maxBytes)
  if (/\p{Cc}/u.test(value)) throw invalid(field, `one line of 1 to ${maxBytes} bytes`)
  return value
}

export function readUuid(body: Body, field: string): string {
  const value = body[field]
  if (!isUuid(value)) throw invalid(field, 'a UUID')
  return value
}

export function readBoolean(body: Body, field: string): boolean {
  const value = body[field] ?? false
  if (typeof value !== 'boolean') throw invalid(field, 'true or false')
  return value
}

export function readUuids(body: Body, field: string): readonly string[] {
  const value = body[field]
  if (!Array.isArray(value) || value.length > MAX_ITEMS || !value.every(isUuid)) {
    throw invalid(field, `a list of at most ${MAX_ITEMS} UUIDs`)
  }
  return value
}

/** Texts of at most `maxBytes` bytes each. */
export function readTexts(body: Body, field: string, maxBytes: number): readonly string[] {
  const value: unknown = body[field]
  const wanted = `a list of at most ${MAX_ITEMS} texts of at most ${maxBytes} bytes`
  if (!Array.isArray(value) || value.length > MAX_ITEMS) throw invalid(field, wanted)
  const isShortText = (item: unknown): item is string =>
    typeof item === 'string' && Buffer.byteLength(item) <= maxBytes
  if (!value.every(isShortText)) throw invalid(field, wanted)
  return value
}

/** A purpose whose secrets other processes may seal; content, blind and dkim keys have operations of their own. */
export function readSecretPurpose(body: Body): Purpose {
  const value = body['purpose']
  const purpose = PURPOSES.find((known) => known === value)
  if (purpose === undefined || purpose === 'content' || purpose === 'blind' || purpose === 'dkim') {
    throw invalid('purpose', 'contact, webhook, connector or totp')
  }
  return purpose
}

/** A host name in lower-case A-labels, without a closing dot. */
export function readDomain(body: Body, field: string): string {
  const value = readText(body, field, 253)
  if (!value.split('.').every((label) => LABEL.test(label)) || !value.includes('.')) {
    throw invalid(field, 'a domain in lower-case A-labels')
  }
  return value
}

/** A DKIM selector (RFC 6376 §3.1): one or more lower-case labels. */
export function readSelector(body: Body, field: string): string {
  const value = readText(body, field, 63)
  if (!value.split('.').every((label) => LABEL.test(label)))
    throw invalid(field, 'a DKIM selector in lower case')
  return value
}

export function readAlgorithm(body: Body): 'rsa' | 'ed25519' {
  const value = body['algorithm']
  if (value === 'rsa' || value === 'ed25519') return value
  throw invalid('algorithm', 'rsa or ed25519')
}

export function readPepper(body: Body): PepperName {
  const name = PEPPERS.find((known) => known === body['name'])
  if (name === undefined) throw invalid('name', 'credential, staff or password')
  return name
}

export function readReferencePurpose(body: Body): ReferencePurpose {
  const purpose = REFERENCE_PURPOSES.find((known) => known === body['purpose'])
  if (purpose === undefined) throw invalid('purpose', 'return-path or links')
  return purpose
}

export function readScope(body: Body): 'root' | 'workspace' | 'all' {
  const scope = (['root', 'workspace', 'all'] as const).find((known) => known === body['scope'])
  if (scope === undefined) throw invalid('scope', 'root, workspace or all')
  return scope
}

/** Six digits, as authenticator apps show them. */
export function readCode(body: Body, field: string): string {
  const value = body[field]
  if (typeof value !== 'string' || !/^[0-9]{6}$/.test(value)) throw invalid(field, 'six digits')
  return value
}

/** A whole number from 0 to 2^53 - 1. */
export function readCount(body: Body, field: string): number {
  const value = body[field]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw invalid(field, 'a whole number')
  return value
}

/** The request's one attachment. */
export function onlyAttachment(attachments: readonly Buffer[], maxBytes: number): Buffer {
  const [first] = attachments
  if (first === undefined || attachments.length !== 1 || first.length > maxBytes) {
    throw new Refusal('invalid', `The request needs one attachment of at most ${maxBytes} bytes`)
  }
  return first
}
