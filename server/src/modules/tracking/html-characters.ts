/** The references that every writer of HTML uses in addresses. */
const KNOWN: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Names that also count without their semicolon (WHATWG HTML §13.5). */
const WITHOUT_SEMICOLON: ReadonlySet<string> = new Set(
  (
    'AElig AMP Aacute Acirc Agrave Aring Atilde Auml COPY Ccedil ETH Eacute Ecirc Egrave Euml GT Iacute Icirc Igrave Iuml LT Ntilde ' +
    'Oacute Ocirc Ograve Oslash Otilde Ouml QUOT REG THORN Uacute Ucirc Ugrave Uuml Yacute aacute acirc acute aelig agrave amp aring ' +
    'atilde auml brvbar ccedil cedil cent copy curren deg divide eacute ecirc egrave eth euml frac12 frac14 frac34 gt iacute icirc ' +
    'iexcl igrave iquest iuml laquo lt macr micro middot nbsp not ntilde oacute ocirc ograve ordf ordm oslash otilde ouml para plusmn ' +
    'pound quot raquo reg sect shy sup1 sup2 sup3 szlig thorn times uacute ucirc ugrave uml uuml yacute yen yuml'
  ).split(' '),
)

const REFERENCE = /&(?:#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,9}))|([0-9A-Za-z]{1,40}))(;?)/g

/**
 * The value of an attribute as a browser reads it (WHATWG HTML §13.2.5.72 and on), white space at its ends taken off. Null where a
 * reference is used that is not among the few that occur in addresses: what cannot be read for certain is better left alone.
 */
export function decodeAttribute(text: string): string | null {
  if (!text.includes('&')) return text.trim()
  let isCertain = true
  const decoded = text.replaceAll(
    REFERENCE,
    (
      whole,
      hex: string | undefined,
      decimal: string | undefined,
      name: string | undefined,
      semicolon,
      at,
    ) => {
      if (name === undefined) {
        const character = characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
        if (character === null) isCertain = false
        return character ?? whole
      }
      const known = KNOWN[name]
      if (semicolon === ';') {
        if (known === undefined) isCertain = false
        return known ?? whole
      }
      if (!WITHOUT_SEMICOLON.has(name)) return whole
      if (text.charAt(Number(at) + whole.length) === '=') return whole
      if (known === undefined) isCertain = false
      return known ?? whole
    },
  )
  return isCertain ? decoded.trim() : null
}

/** Text with the known references decoded and the others left: to be looked at, not to be shown. */
export function decodeText(text: string): string {
  return text.replaceAll(
    REFERENCE,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) =>
      (name === undefined
        ? characterOf(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))
        : name === 'nbsp'
          ? ' '
          : KNOWN[name]) ?? whole,
  )
}

/** Null for controls, surrogates and what windows-1252 gives another meaning. */
function characterOf(code: number): string | null {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
    return null
  return String.fromCodePoint(code)
}
