import { createCipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { uuidFromHex } from '../../kernel/ids.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'

/**
 * The references in links of mail: who opened, what was clicked, who unsubscribes. A reference holds all that answering it needs, so a link
 * works while the database is away, and nothing that was not written by this installation is ever followed.
 *
 * Form: base64url of `version | workspace | mark | ciphertext`. The mark is HMAC-SHA256, 16 bytes of it, over the version, the workspace,
 * the host that the link was written for and the content; it is also the first counter block of AES-256-CTR over the content (the
 * construction of SIV, RFC 5297 §2.6, with HMAC: no nonce that could be used twice). Both keys come from the keyring's key by HKDF
 * (RFC 5869) with the workspace as salt, so that what one workspace may write opens nothing of another. The content is hidden because
 * addresses that customers write into their links would otherwise stand in every proxy's log twice.
 */

const LINK_KINDS = ['open', 'click', 'unsubscribe'] as const

interface Subject {
  /** UUID. */
  readonly workspaceId: string
  /** UUID. */
  readonly messageId: string
  /** From 1; null: the message has several recipients, and the link cannot say which of them. */
  readonly recipient: number | null
}

export type LinkReference =
  | (Subject & { readonly kind: 'open' })
  | (Subject & {
      readonly kind: 'unsubscribe'
      /** The message belongs to a topic: the page offers to leave that one only. */
      readonly topic?: true
    })
  | (Subject & {
      readonly kind: 'click'
      /** Place among the tracked links of the message, from 0. */
      readonly link: number
      /** How many links of the message are tracked: whoever follows all of them at once reads no mail. */
      readonly links: number
      /** Whether opens of the message are tracked too: a click without one then tells something. */
      readonly opens: boolean
      /** http or https, and nothing else is ever written or followed. */
      readonly url: string
    })

/** Bytes of a target; longer ones are not tracked. A reference stays below 3 KB, and a request line below what proxies take (8 KB). */
export const TARGET_BYTES_MAX = 2_000
const VERSION = 1
const KEY_BYTES = 32
const MARK_BYTES = 16
const HEAD_BYTES = 1 + 16
const SUBJECT_BYTES = 1 + 16 + 2
const CLICK_BYTES = SUBJECT_BYTES + 5
const WHOLE_MESSAGE = 0xffff
/** Behind the subject of a link that unsubscribes from a message of a topic. */
const OF_TOPIC = Buffer.of(1)
const TEXT_MAX = Math.ceil(((HEAD_BYTES + MARK_BYTES + CLICK_BYTES + TARGET_BYTES_MAX) * 4) / 3)
const WORKSPACES_KEPT = 10_000

export interface LinkReferences {
  /** `host`: where the link will point, lower case, without port; the empty text for the installation's own address. */
  write(reference: LinkReference, host: string): string
  /** Null for whatever this installation did not write for one of these hosts. The same work for every wrong one of a length. */
  read(text: string, ...hosts: readonly string[]): LinkReference | null
  /** UUID of the workspace that a text names, which proves nothing; null: no reference begins like that. Needs no key, and so costs nothing. */
  claimedWorkspace(text: string): string | null
  /** The part before the @ of the address that unsubscribes; at most 64 characters, and case does not matter (RFC 5321 §4.5.3.1.1, §2.4). */
  writeAddress(reference: { readonly messageId: string; readonly recipient: number }): string
  readAddress(localPart: string): { readonly messageId: string; readonly recipient: number } | null
}

interface WorkspaceKeys {
  readonly mark: Buffer
  readonly content: Buffer
}

/** `key`: 32 bytes, from `keyring.referenceKey('links')`. Throws where it has another length, and on what cannot be written. */
export function createLinkReferences(key: Buffer): LinkReferences {
  if (key.length !== KEY_BYTES) throw new TypeError('a reference key has 32 bytes')
  const kept = new Map<string, WorkspaceKeys>()
  const addressKey = derive(key, Buffer.alloc(0), 'bulkhead unsubscribe address 1', KEY_BYTES)

  function keysOf(workspace: Buffer): WorkspaceKeys {
    const name = workspace.toString('latin1')
    const known = kept.get(name)
    if (known !== undefined) return known
    const bytes = derive(key, workspace, 'bulkhead links 1', 2 * KEY_BYTES)
    const made = { mark: bytes.subarray(0, KEY_BYTES), content: bytes.subarray(KEY_BYTES) }
    // Anyone may ask about any workspace: memory stays bounded, and making keys anew costs 10 µs.
    if (kept.size >= WORKSPACES_KEPT) kept.clear()
    kept.set(name, made)
    return made
  }

  return {
    write(reference, host) {
      const workspace = uuidBytes(reference.workspaceId)
      const content = contentOf(reference)
      const head = Buffer.concat([Buffer.of(VERSION), workspace])
      const keys = keysOf(workspace)
      const mark = markOf(keys.mark, head, host, content)
      return Buffer.concat([head, mark, crypt(keys.content, mark, content)]).toString('base64url')
    },

    read(text, ...hosts) {
      if (text.length > TEXT_MAX) return null
      const bytes = Buffer.from(text, 'base64url')
      // The decoder overlooks what is no base64url and the last unused bits: only what would be written is read.
      if (bytes.toString('base64url') !== text || bytes.length < HEAD_BYTES + MARK_BYTES + SUBJECT_BYTES)
        return null
      if (bytes[0] !== VERSION) return null
      const head = bytes.subarray(0, HEAD_BYTES)
      const mark = bytes.subarray(HEAD_BYTES, HEAD_BYTES + MARK_BYTES)
      const workspace = head.subarray(1)
      const keys = keysOf(workspace)
      const content = crypt(keys.content, mark, bytes.subarray(HEAD_BYTES + MARK_BYTES))
      const isOurs = hosts.some((host) => timingSafeEqual(mark, markOf(keys.mark, head, host, content)))
      if (!isOurs) return null
      return referenceOf(uuidFromHex(workspace.toString('hex')), content)
    },

    claimedWorkspace(text) {
      // 24 characters are 18 bytes: the head, and one more.
      const head = Buffer.from(text.slice(0, 24), 'base64url')
      if (head.length <= HEAD_BYTES || head[0] !== VERSION) return null
      return uuidFromHex(head.toString('hex', 1, HEAD_BYTES))
    },

    writeAddress({ messageId, recipient }) {
      const bytes = Buffer.alloc(18)
      uuidBytes(messageId).copy(bytes)
      bytes.writeUInt16BE(recipientNumber(recipient), 16)
      return `${ADDRESS_PREFIX}${encodeBase32(Buffer.concat([bytes, addressMark(addressKey, bytes)]))}`
    },

    readAddress(localPart) {
      const lower = localPart.toLowerCase()
      if (!lower.startsWith(ADDRESS_PREFIX) || lower.length > 64) return null
      const bytes = decodeBase32(lower.slice(ADDRESS_PREFIX.length))
      if (bytes === null || bytes.length !== 18 + ADDRESS_MARK_BYTES) return null
      const subject = bytes.subarray(0, 18)
      if (!timingSafeEqual(bytes.subarray(18), addressMark(addressKey, subject))) return null
      return { messageId: uuidFromHex(subject.toString('hex', 0, 16)), recipient: subject.readUInt16BE(16) }
    },
  }
}

/** Whether a link may be followed to there: http and https with a host and without a password in it. */
export function isFollowable(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host, username, password } = new URL(url)
  return (protocol === 'http:' || protocol === 'https:') && host !== '' && username === '' && password === ''
}

function contentOf(reference: LinkReference): Buffer {
  const head = Buffer.alloc(reference.kind === 'click' ? CLICK_BYTES : SUBJECT_BYTES)
  head[0] = LINK_KINDS.indexOf(reference.kind)
  uuidBytes(reference.messageId).copy(head, 1)
  head.writeUInt16BE(reference.recipient === null ? WHOLE_MESSAGE : recipientNumber(reference.recipient), 17)
  if (reference.kind === 'unsubscribe' && reference.topic === true) return Buffer.concat([head, OF_TOPIC])
  if (reference.kind !== 'click') return head
  if (!isFollowable(reference.url)) throw new TypeError('a link leads to http or https')
  const url = Buffer.from(reference.url, 'utf8')
  if (url.length > TARGET_BYTES_MAX) throw new TypeError(`a link has at most ${TARGET_BYTES_MAX} bytes`)
  head.writeUInt16BE(reference.link, 19)
  head.writeUInt16BE(reference.links, 21)
  head[23] = reference.opens ? 1 : 0
  return Buffer.concat([head, url])
}

/** Only of a content whose mark was right; the checks hold against a key of ours in wrong hands. */
function referenceOf(workspaceId: string, content: Buffer): LinkReference | null {
  const kind = LINK_KINDS[content[0] ?? 255]
  if (kind === undefined) return null
  const number = content.readUInt16BE(17)
  const subject = {
    workspaceId,
    messageId: uuidFromHex(content.toString('hex', 1, 17)),
    recipient: number === WHOLE_MESSAGE ? null : number,
  }
  if (kind === 'unsubscribe' && content.subarray(SUBJECT_BYTES).equals(OF_TOPIC))
    return { ...subject, kind, topic: true }
  if (kind !== 'click') return content.length === SUBJECT_BYTES ? { ...subject, kind } : null
  if (content.length <= CLICK_BYTES) return null
  const url = content.toString('utf8', CLICK_BYTES)
  if (!isFollowable(url)) return null
  return {
    ...subject,
    kind,
    link: content.readUInt16BE(19),
    links: content.readUInt16BE(21),
    opens: content[23] === 1,
    url,
  }
}

function recipientNumber(recipient: number): number {
  if (!Number.isInteger(recipient) || recipient < 1 || recipient >= WHOLE_MESSAGE)
    throw new TypeError('recipients are numbered from 1')
  return recipient
}

function markOf(key: Buffer, head: Buffer, host: string, content: Buffer): Buffer {
  const name = Buffer.from(host, 'utf8')
  const lengths = Buffer.alloc(2)
  lengths.writeUInt16BE(name.length)
  return createHmac('sha256', key)
    .update(head)
    .update(lengths)
    .update(name)
    .update(content)
    .digest()
    .subarray(0, MARK_BYTES)
}

function crypt(key: Buffer, mark: Buffer, bytes: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-ctr', key, mark)
  return Buffer.concat([cipher.update(bytes), cipher.final()])
}

function derive(key: Buffer, salt: Buffer, label: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, label, bytes))
}

const ADDRESS_PREFIX = 'unsubscribe+'
/** 80 bits, as in return paths: what a forger could win is one bulk suppression, with its evidence. */
const ADDRESS_MARK_BYTES = 10

function addressMark(key: Buffer, subject: Buffer): Buffer {
  return createHmac('sha256', key).update(subject).digest().subarray(0, ADDRESS_MARK_BYTES)
}

function uuidBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== 16) throw new TypeError('not a UUID')
  return bytes
}
