import { findBodyPieces } from './pieces.ts'
import { relaxedBodyHash, writeRelaxedHeader } from './canonicalise.ts'
import type { MimeProblem } from '../mime/index.ts'
import { parseHeaderBlock } from '../mime/index.ts'

/**
 * DKIM (RFC 6376, 8301, 8463), relaxed/relaxed, in two stages around a signature that is made elsewhere, because private keys never
 * leave the keyring. Never `l=` (RFC 6376 §8.2): a signed prefix lets anyone append a message of their own.
 */

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256'

export interface DkimKeyName {
  /** A-labels, lower case. */
  readonly domain: string
  readonly selector: string
  readonly algorithm: DkimAlgorithm
}
export interface SigningOptions {
  readonly keys: readonly DkimKeyName[]
  /** Seconds since 1970, for `t=`. */
  readonly timeSeconds: number
  /** Seconds since 1970, for `x=`; none: the signature does not expire. */
  readonly expirySeconds?: number
  /** Names (lower case) that are signed where they occur. */
  readonly signed?: readonly string[]
  /** Names (lower case) that are listed once more than they occur, so that adding one breaks the signature (RFC 6376 §8.15). */
  readonly oversigned?: readonly string[]
  /** From `relaxedBodyHash`, where many messages share one body. */
  readonly bodyHash?: string
}
export interface PreparedSignature extends DkimKeyName {
  /** The DKIM-Signature field, folded, up to and including `b=`; no line end. */
  readonly headerText: string
  /**
   * What is signed (RFC 6376 §3.7). RSA: PKCS#1 v1.5 with SHA-256 over these bytes. Ed25519: pure Ed25519 over the SHA-256 digest of
   * these bytes (RFC 8463 §3).
   */
  readonly toBeSigned: Buffer
}
export type Preparation =
  | { readonly ok: true; readonly prepared: readonly PreparedSignature[]; readonly bodyHash: string }
  | MimeProblem

/** RFC 6376 §5.4.1, and what mailbox providers ask for (Feedback-ID, List-*). */
export const SIGNED_HEADERS: readonly string[] = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'sender',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'content-id',
  'content-description',
  'resent-from',
  'resent-to',
  'resent-cc',
  'resent-date',
  'resent-message-id',
  'list-id',
  'list-help',
  'list-post',
  'list-owner',
  'list-archive',
  'list-subscribe',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'feedback-id',
]
export const OVERSIGNED_HEADERS: readonly string[] = [
  'from',
  'subject',
  'to',
  'list-unsubscribe',
  'list-unsubscribe-post',
]

const MAX_LINE = 76
const NO_NAMES: ReadonlySet<string> = new Set()
const DEFAULT_SIGNED: ReadonlySet<string> = new Set(SIGNED_HEADERS)

/**
 * Stage 1: canonicalises and hashes once, for any number of keys. `raw` is a message with CRLF line ends, whole or in pieces. The
 * problem is that of a message that cannot be parsed, or that has no From (which RFC 6376 §5.4 requires to be signed).
 */
export function prepareSigning(raw: Buffer | readonly Buffer[], options: SigningOptions): Preparation {
  const { head, body } = findBodyPieces(raw)
  const block = parseHeaderBlock(head)
  if (!block.ok) return block
  const names = options.signed === undefined ? DEFAULT_SIGNED : new Set([...options.signed, 'from'])
  const oversigned = options.oversigned ?? OVERSIGNED_HEADERS
  const extra = options.oversigned === undefined ? NO_NAMES : new Set(options.oversigned)
  let from = false
  let listed = ''
  const headers = Buffer.allocUnsafe(head.length + 2)
  let written = 0
  let column = 3
  const list = (name: string) => {
    // Room for the name and the colon behind it.
    if (column > 3 && column + name.length + 2 > MAX_LINE) {
      listed += ':\r\n '
      column = 1
    } else if (column > 3) listed += ':'
    listed += name
    column += name.length + 1
  }
  // Bottom up: of several fields with one name the last is taken first (RFC 6376 §5.4.2).
  for (let i = block.headers.length - 1; i >= 0; i--) {
    const header = block.headers[i]
    if (header === undefined || !(names.has(header.name) || extra.has(header.name))) continue
    from ||= header.name === 'from'
    list(header.name)
    written = writeRelaxedHeader(head, header, headers, written)
  }
  if (!from) return { ok: false, problem: 'there is no From header to sign' }
  for (const name of oversigned) list(name)
  const bodyHash = options.bodyHash ?? relaxedBodyHash(body)
  const prepared = options.keys.map((key) => {
    const headerText = signatureHeader(key, options, listed, bodyHash)
    // §3.7: the field itself comes last, with an empty b= and without its CRLF. Its folds are each CRLF and one space.
    const own = `dkim-signature:${headerText.slice(HEADER.length).replaceAll('\r\n', '')}`
    const toBeSigned = Buffer.allocUnsafe(written + own.length)
    headers.copy(toBeSigned, 0, 0, written)
    toBeSigned.write(own, written, 'latin1')
    return {
      domain: key.domain,
      selector: key.selector,
      algorithm: key.algorithm,
      headerText,
      toBeSigned,
    }
  })
  return { ok: true, prepared, bodyHash }
}

/** Stage 2: the whole DKIM-Signature field, folded, with its CRLF, to be put in front of the message. */
export function finishSigning(prepared: PreparedSignature, signature: Buffer): string {
  const value = signature.toString('base64')
  let text = prepared.headerText
  for (let i = 0; i < value.length; i += MAX_LINE - 1) text += `\r\n ${value.slice(i, i + MAX_LINE - 1)}`
  return `${text}\r\n`
}

const HEADER = 'DKIM-Signature: '

function signatureHeader(
  key: DkimKeyName,
  options: SigningOptions,
  listed: string,
  bodyHash: string,
): string {
  const expiry = options.expirySeconds === undefined ? '' : ` x=${Math.floor(options.expirySeconds)};`
  return (
    `${HEADER}v=1; a=${key.algorithm}; c=relaxed/relaxed;\r\n d=${key.domain}; s=${key.selector};\r\n` +
    ` t=${Math.floor(options.timeSeconds)};${expiry}\r\n h=${listed};\r\n bh=${bodyHash};\r\n b=`
  )
}
