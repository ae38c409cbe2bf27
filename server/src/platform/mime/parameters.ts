import { decodeHeaderText } from './header-text.ts'
import { fieldOf, type MimePart } from './parts.ts'

const PARAMETER =
  /;\s*([\w!#$&+.^`|~-]{1,60})(?:\*(\d{1,3}))?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.){0,2000})"|([^\s;"]{1,2000}))/gi

/** A parameter of a field such as Content-Disposition: in quotes, in pieces, in percent signs (RFC 2231), or in encoded words as many programs write it. */
export function parameterOf(field: string, name: string): string | undefined {
  let plain: string | undefined
  const pieces: { readonly at: number; readonly isEncoded: boolean; readonly text: string }[] = []
  for (const [, found = '', number, star, quoted, bare = ''] of field.matchAll(PARAMETER)) {
    if (found.toLowerCase() !== name) continue
    const text = quoted === undefined ? bare : quoted.replaceAll(/\\(.)/g, '$1')
    if (number === undefined && star === undefined) {
      plain ??= decodeHeaderText(text)
      continue
    }
    pieces.push({ at: Number(number ?? 0), isEncoded: star !== undefined, text })
  }
  // Who writes both wrote the plain one for programs that know no other.
  if (pieces.length === 0) return plain
  pieces.sort((a, b) => a.at - b.at)
  return decoded(pieces)
}

/** What a part is called as a file, as it says: nothing was made harmless. */
export function fileNameOf(part: MimePart): string | undefined {
  return (
    parameterOf(fieldOf(part, 'content-disposition') ?? '', 'filename') ??
    parameterOf(fieldOf(part, 'content-type') ?? '', 'name')
  )
}

function decoded(pieces: readonly { readonly isEncoded: boolean; readonly text: string }[]): string {
  const [, charset = 'utf-8', rest] = /^([\w-]*)'[^']*'(.*)$/s.exec(pieces[0]?.text ?? '') ?? []
  const bytes = pieces.map(({ isEncoded, text }, position) => {
    const own = position === 0 && rest !== undefined ? rest : text
    return isEncoded ? percentBytes(own) : Buffer.from(own)
  })
  const whole = Buffer.concat(bytes)
  try {
    return new TextDecoder(charset === '' ? 'utf-8' : charset).decode(whole)
  } catch {
    return whole.toString('utf8')
  }
}

function percentBytes(text: string): Buffer {
  return Buffer.from(
    text
      .replaceAll(/[^\0-\x7f]/g, '?')
      .replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}
