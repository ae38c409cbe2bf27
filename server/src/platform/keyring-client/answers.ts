import { KeyringUnavailable } from './errors.ts'
import type { Frame } from './frames.ts'

/** Readers of the keyring's answers. An answer of another shape means two versions that do not fit: `KeyringUnavailable`. */
function unreadable(field: string): KeyringUnavailable {
  return new KeyringUnavailable(`the keyring's answer has no readable ${field}; do the versions fit?`)
}

export function readString(frame: Frame, field: string): string {
  const value = frame.body[field]
  if (typeof value !== 'string') throw unreadable(field)
  return value
}

export function readNumber(frame: Frame, field: string): number {
  const value = frame.body[field]
  if (typeof value !== 'number') throw unreadable(field)
  return value
}

export function readList(frame: Frame, field: string, length: number | null): readonly unknown[] {
  const value = frame.body[field]
  if (!Array.isArray(value) || (length !== null && value.length !== length)) throw unreadable(field)
  return value
}

export function readAttachment(frame: Frame, length: number | null): Buffer {
  const [first] = frame.attachments
  if (first === undefined || (length !== null && first.length !== length)) throw unreadable('attachment')
  return first
}
