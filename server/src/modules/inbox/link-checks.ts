import type { Check } from './captured.ts'

interface Anchor {
  readonly href: string
  readonly text: string
}

const ANCHORS_MAX = 2_000
/** What lies behind is not looked at. */
const HTML_CHARS_MAX = 300_000
/** Bounded everywhere, and a tag ends before the next one begins: a hostile mail costs no more than its length. */
const ANCHOR =
  /<a\s[^<>]{0,1000}?\bhref\s*=\s*(?:"([^"<]{0,2000})"|'([^'<]{0,2000})')[^<>]{0,1000}>([^]{0,400}?)<\/a/gi
const SHOWN_MAX = 3

/** What filters find fault with in links. Pure; nothing is fetched. */
export function checkLinks(html: string | null): Check {
  const name = 'Links'
  const anchors = anchorsIn(html ?? '')
  const lying = anchors.filter(isLying)
  const numeric = anchors.filter(({ href }) => isNumeric(href))
  const plain = anchors.filter(({ href }) => /^http:\/\//i.test(href))
  const empty = anchors.filter(({ href }) => href === '' || href === '#')
  if (lying.length > 0)
    return {
      name,
      state: 'problem',
      detail: `The text shows another address than the link leads to, as phishing does: ${shown(lying)}.`,
    }
  if (numeric.length > 0)
    return { name, state: 'problem', detail: `Leads to a bare IP address: ${shown(numeric)}.` }
  if (plain.length > 0)
    return {
      name,
      state: 'warning',
      detail: `${plain.length} ${plain.length === 1 ? 'link uses' : 'links use'} http:// without encryption: ${shown(plain)}.`,
    }
  if (empty.length > 0)
    return {
      name,
      state: 'warning',
      detail: `${empty.length} ${empty.length === 1 ? 'link leads' : 'links lead'} nowhere.`,
    }
  return {
    name,
    state: 'ok',
    detail: anchors.length === 0 ? 'There are none.' : `${anchors.length}, none of them suspicious.`,
  }
}

function anchorsIn(html: string): Anchor[] {
  const found: Anchor[] = []
  for (const match of html.slice(0, HTML_CHARS_MAX).matchAll(ANCHOR)) {
    if (found.length === ANCHORS_MAX) break
    const href = (match[1] ?? match[2] ?? '').trim().replaceAll('&amp;', '&')
    found.push({ href, text: (match[3] ?? '').replaceAll(/<[^>]*>/g, '').trim() })
  }
  return found
}

/** A text such as `www.bank.example` above an address of another host. */
function isLying({ href, text }: Anchor): boolean {
  const named = /^(?:https?:\/\/)?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?:[/?#:]\S*)?$/i.exec(text)?.[1]
  if (named === undefined || !/^https?:\/\//i.test(href) || !URL.canParse(href)) return false
  const host = new URL(href).hostname.toLowerCase()
  const wanted = named.toLowerCase().replace(/^www\./, '')
  return host !== wanted && !host.endsWith(`.${wanted}`) && !wanted.endsWith(`.${host.replace(/^www\./, '')}`)
}

function isNumeric(href: string): boolean {
  if (!URL.canParse(href)) return false
  const { protocol, hostname } = new URL(href)
  return /^https?:$/.test(protocol) && /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i.test(hostname)
}

function shown(anchors: readonly Anchor[]): string {
  const named = anchors
    .slice(0, SHOWN_MAX)
    .map(({ href }) => (href.length > 80 ? `${href.slice(0, 77)}…` : href))
  return `${named.join(', ')}${anchors.length > SHOWN_MAX ? ` and ${anchors.length - SHOWN_MAX} more` : ''}`
}
