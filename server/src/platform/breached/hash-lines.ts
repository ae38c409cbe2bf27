import { BreachedFileError } from './format.ts'

export interface HashLines {
  /** Takes the next piece of the text. Throws BreachedFileError at the first line that is no hash. */
  push(piece: Buffer): void
  /** The text ends here; a last line needs no line break. */
  end(): void
}

export interface HashSink {
  hash(high: number, low: number): void
  /** A line with the count 0: what the range API pads its answers with. */
  padding(): void
}

/** A hash of 40 digits, a colon and a count; nothing longer is looked at. */
const LINE_MAX = 80
const DIGITS = 40
const NEWLINE = 0x0a
const BAD = 0xff
/** The value of each hexadecimal digit by its byte. */
const NIBBLES: readonly number[] = nibbleTable()

/**
 * Reads lines `HASH:COUNT`, or `HASH` alone, with hashes in hexadecimal digits of any case. `prefix` stands before each of them: the five
 * digits that name a range. `name` is the file in errors.
 */
export function createHashLines(name: string, prefix: string, sink: HashSink): HashLines {
  const line = Buffer.alloc(LINE_MAX)
  const head = line.write(prefix, 'latin1')
  const digits = DIGITS - head
  let used = head
  let number = 1
  let isStart = true

  function problem(what: string): BreachedFileError {
    const shown = line.toString('latin1', head, Math.min(used, 60)).replaceAll(/[^\x20-\x7e]/g, '?')
    return new BreachedFileError(`${name}, line ${number}: ${what}. It begins "${shown}".`)
  }

  function take(end: number): void {
    let last = end
    if (last > head && line[last - 1] === 0x0d) last -= 1
    if (last === head) return
    let bad = 0
    let high = 0
    let low = 0
    for (let at = 0; at < 8; at++) {
      const nibble = NIBBLES[line[at] ?? 0] ?? BAD
      bad |= nibble
      high = (high << 4) | nibble
    }
    for (let at = 8; at < 16; at++) {
      const nibble = NIBBLES[line[at] ?? 0] ?? BAD
      bad |= nibble
      low = (low << 4) | nibble
    }
    for (let at = 16; at < DIGITS; at++) bad |= NIBBLES[line[at] ?? 0] ?? BAD
    if (last < DIGITS || bad > 15) throw problem(whatItIs(line.toString('latin1', 0, last), digits))
    if (last > DIGITS && !isCount(line, DIGITS, last))
      throw problem(`after the ${digits} digits of a hash comes a colon and a count, or nothing`)
    if (last === DIGITS + 2 && line[DIGITS + 1] === 0x30) sink.padding()
    else sink.hash(high >>> 0, low >>> 0)
  }

  return {
    push(piece) {
      let at = 0
      if (isStart && piece.length > 0) {
        isStart = false
        // A byte order mark, which some tools of Windows write.
        if (piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf) at = 3
      }
      while (at < piece.length) {
        const newline = piece.indexOf(NEWLINE, at)
        const end = newline === -1 ? piece.length : newline
        const room = LINE_MAX - used
        used += piece.copy(line, used, at, Math.min(end, at + room))
        if (end - at > room) throw problem('is too long for a hash and a count')
        if (newline === -1) return
        take(used)
        used = head
        number += 1
        at = newline + 1
      }
    },
    end() {
      take(used)
    },
  }
}

function isCount(line: Buffer, from: number, to: number): boolean {
  if (line[from] !== 0x3a || to - from < 2) return false
  for (let at = from + 1; at < to; at++) {
    const byte = line[at] ?? 0
    if (byte < 0x30 || byte > 0x39) return false
  }
  return true
}

function whatItIs(text: string, digits: number): string {
  if (/^[0-9a-f]{32}(:\d+)?$/i.test(text)) return 'is an NTLM hash; the list of SHA-1 hashes is needed'
  if (text.startsWith('7z') || text.startsWith('PK') || text.startsWith('\x1f\x8b'))
    return 'is packed; unpack it first'
  return `does not begin with the ${digits} hexadecimal digits of a SHA-1 hash`
}

function nibbleTable(): number[] {
  const table = Array<number>(256).fill(BAD)
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16)
    table[digit.charCodeAt(0)] = value
    table[digit.toUpperCase().charCodeAt(0)] = value
  }
  return table
}
