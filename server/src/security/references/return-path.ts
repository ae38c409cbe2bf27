import { createHmac, timingSafeEqual } from 'node:crypto'
import { uuidFromHex } from '../../kernel/ids.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'

/** Which mail a return path belongs to. */
export interface ReturnPathReference {
  /** UUID of the message, lower case. */
  readonly messageId: string
  /** The recipient's number within the message, or `WHOLE_MESSAGE`. */
  readonly number: number
}

/** The number of a return path that several recipients share. */
export const WHOLE_MESSAGE = 0xffff

const PREFIX = 'b-'
const LABEL = 'bulkhead return path 1\0'
const ID_BYTES = 16
const REFERENCE_BYTES = ID_BYTES + 2
/** 80 bits, because only a running server can be asked whether a guess is right, and it takes a bounded number of them. */
const MAC_BYTES = 10
const TOKEN_BYTES = REFERENCE_BYTES + MAC_BYTES
const TOKEN_CHARACTERS = Math.ceil((TOKEN_BYTES * 8) / 5)
const TOKEN = new RegExp(`^${PREFIX}[a-z2-7]{${TOKEN_CHARACTERS}}$`, 'i')
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The local part of an envelope sender: `b-` and 45 characters for message, recipient's number and their MAC (RFC 5321 §4.5.3.1.1
 * allows 64). Throws on a message id that is no UUID and on a number outside 0 to 65,535: a bug of the caller.
 */
export function writeReturnPath(key: Buffer, { messageId, number }: ReturnPathReference): string {
  if (!UUID.test(messageId)) throw new Error('a return path needs the UUID of a message')
  if (!Number.isInteger(number) || number < 0 || number > WHOLE_MESSAGE)
    throw new Error('a return path needs a number from 0 to 65535')
  const token = Buffer.alloc(TOKEN_BYTES)
  token.write(messageId.replaceAll('-', ''), 'hex')
  token.writeUInt16BE(number, ID_BYTES)
  macOf(key, token.subarray(0, REFERENCE_BYTES)).copy(token, REFERENCE_BYTES)
  return PREFIX + encodeBase32(token)
}

/**
 * What a local part refers to, or null where this installation did not write it. Upper and lower case are the same. The comparison takes
 * the same time for every token of the right form, and each reference has exactly one spelling.
 */
export function readReturnPath(key: Buffer, localPart: string): ReturnPathReference | null {
  if (!TOKEN.test(localPart)) return null
  const token = decodeBase32(localPart.slice(PREFIX.length).toLowerCase())
  if (token === null) return null
  const reference = token.subarray(0, REFERENCE_BYTES)
  if (!timingSafeEqual(token.subarray(REFERENCE_BYTES), macOf(key, reference))) return null
  const messageId = uuidFromHex(reference.toString('hex', 0, ID_BYTES))
  return { messageId, number: reference.readUInt16BE(ID_BYTES) }
}

/** Whether a local part has the form of a return path, genuine or not. */
export function looksLikeReturnPath(localPart: string): boolean {
  return TOKEN.test(localPart)
}

function macOf(key: Buffer, reference: Buffer): Buffer {
  return createHmac('sha256', key).update(LABEL).update(reference).digest().subarray(0, MAC_BYTES)
}
