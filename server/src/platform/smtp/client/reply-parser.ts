import type { SmtpReply } from './types.ts'

/**
 * RFC 5321 §4.5.3.1.5 sets 512 octets for a reply line. Some large servers echo a Message-ID of up to 998 octets in the reply to
 * the final dot; to refuse that line would turn a known delivery into an unknown one. So the bound is wider, but hard.
 */
const MAX_LINE = 2048
const MAX_REPLY = 16_384
const MAX_LINES = 128
const MAX_TEXT = 1000

const LF = 10
const CR = 13
const SPACE = 32
const HYPHEN = 45

/**
 * Cuts a byte stream (as latin1 text) into replies. Pull-style and free of allocation on the common path:
 * `next()` gives the code of the next whole reply, 0 where more bytes are needed, -1 for a breach of the protocol.
 */
export interface ReplyParser {
  push(text: string): void
  next(): number
  /** The raw lines of the reply that `next()` just gave, CRLF included. */
  readonly raw: string
  /** What was wrong, after -1. */
  readonly error: string
  /** True where bytes wait that no `next()` has given yet. */
  readonly pending: boolean
}

/** A parser for one connection. Memory is bounded by one reply (16 KiB) and one socket read. */
export function createReplyParser(): ReplyParser {
  let buffer = ''
  let position = 0
  let raw = ''
  let error = ''

  const fail = (text: string): -1 => {
    error = text
    return -1
  }

  const next = (): number => {
    if (error !== '') return -1
    let start = position
    let replyCode = 0
    for (let lines = 1; ; lines++) {
      const end = buffer.indexOf('\n', start)
      if (end < 0) {
        if (buffer.length - start > MAX_LINE) return fail('the reply line is too long')
        if (buffer.length - position > MAX_REPLY) return fail('the reply is too long')
        return start < buffer.length && !plausible(buffer, start)
          ? fail('the reply does not begin with a code')
          : 0
      }
      if (end - start >= MAX_LINE) return fail('the reply line is too long')
      if (end - position >= MAX_REPLY || lines > MAX_LINES) return fail('the reply is too long')
      const code = codeAt(buffer, start)
      if (code < 0) return fail('the reply does not begin with a code')
      if (replyCode !== 0 && replyCode !== code) return fail('the lines of one reply have different codes')
      replyCode = code
      const separator = buffer.charCodeAt(start + 3)
      start = end + 1
      if (separator === HYPHEN) continue
      if (separator !== SPACE && separator !== CR && separator !== LF)
        return fail('the reply does not begin with a code')
      raw = buffer.slice(position, start)
      if (start === buffer.length) {
        buffer = ''
        position = 0
      } else {
        position = start
      }
      return code
    }
  }

  return {
    push(text) {
      if (position === buffer.length) {
        buffer = text
      } else {
        buffer = buffer.slice(position) + text
      }
      position = 0
    },
    next,
    get raw() {
      return raw
    },
    get error() {
      return error
    },
    get pending() {
      return position < buffer.length
    },
  }
}

/** Digits 2–5, 0–9, 0–9; -1 for anything else (1yz replies do not exist in SMTP). */
function codeAt(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48
  const b = text.charCodeAt(at + 1) - 48
  const c = text.charCodeAt(at + 2) - 48
  if (!(a >= 2 && a <= 5 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) return -1
  return a * 100 + b * 10 + c
}

/** Whether an unfinished line may still become a reply; junk without a line feed is refused at once. */
function plausible(text: string, at: number): boolean {
  return /^[2-5](\d(\d([ \r-]|$)|$)|$)/.test(text.slice(at, at + 4))
}

/** The raw lines of a reply as a bounded, printable value. */
export function toReply(code: number, raw: string): SmtpReply {
  let enhanced: string | undefined
  let text = ''
  for (const line of raw.split('\n')) {
    let part = line.slice(4).trimEnd()
    if (line.length < 3) continue
    const status = /^([245])\.\d{1,3}\.\d{1,3}(?= |$)/.exec(part)
    if (status !== null && Number(status[1]) === Math.floor(code / 100)) {
      enhanced ??= status[0]
      part = part.slice(status[0].length + 1)
    }
    text += text === '' ? part : `\n${part}`
    if (text.length > MAX_TEXT) break
  }
  text = printable(text).slice(0, MAX_TEXT)
  return enhanced === undefined ? { code, text } : { code, enhanced, text }
}

/** Latin1 text of bytes that may be UTF-8 (RFC 6531 §3.7.4): decoded, control characters replaced. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  const decoded = /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
  return decoded.replace(/[^\P{C}\n]/gu, '?')
}
