/** A planted secret: what class of data it is, and its text (ASCII, 16 to 64 characters, random). */
export interface Canary {
  readonly class: string
  readonly text: string
}

/** One spelling of one canary. */
export interface Needle {
  readonly canary: Canary
  readonly encoding: string
  readonly bytes: Buffer
}

/** Base64 groups three bytes, so a text looks different at each of three offsets; the characters it shares with its neighbours are cut. */
function base64At(text: string, offset: number): string {
  const padded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString('base64')
  const first = Math.ceil((offset * 8) / 6)
  const last = Math.floor(((offset + text.length) * 8) / 6)
  return padded.slice(first, last)
}

/** Every spelling in which a canary is looked for. Compression and folded lines are undone by the search itself. */
export function needlesOf(canary: Canary): Needle[] {
  const { text } = canary
  const plain = Buffer.from(text, 'latin1')
  const hex = plain.toString('hex')
  const base64 = [0, 1, 2].map((offset) => base64At(text, offset))
  const spellings: [encoding: string, bytes: Buffer][] = [
    ['raw', plain],
    ['raw, upper case', Buffer.from(text.toUpperCase(), 'latin1')],
    ['hex', Buffer.from(hex)],
    ['hex, upper case', Buffer.from(hex.toUpperCase())],
    ['UTF-16 LE', Buffer.from(text, 'utf16le')],
    ['UTF-16 BE', Buffer.from(text, 'utf16le').swap16()],
    ...base64.map((spelling): [string, Buffer] => ['base64', Buffer.from(spelling)]),
    ...base64.map((spelling): [string, Buffer] => [
      'base64url',
      Buffer.from(spelling.replaceAll('+', '-').replaceAll('/', '_')),
    ]),
  ]
  const seen = new Set<string>()
  return spellings.flatMap(([encoding, bytes]) => {
    const spelling = bytes.toString('latin1')
    if (seen.has(spelling)) return []
    seen.add(spelling)
    return [{ canary, encoding, bytes }]
  })
}
