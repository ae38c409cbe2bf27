import { hash } from 'node:crypto'

/** A longer name is written with a hash of its hosts, so that names stay readable and rows narrow. */
const NAME_CHARACTERS_MAX = 200
const HOSTS_MAX = 64

/**
 * The name of a set of MX hosts, the same whatever their order: what the hosts have in common is written once, as in
 * `(alt1|alt2)?.gmail-smtp-in.l.google.com`. Different sets have different names, and domains with the same hosts share one.
 */
export function siteNameOf(mxHosts: readonly string[]): string {
  const hosts = [...new Set(mxHosts.map(canonical))].toSorted()
  const [first = '', ...others] = hosts
  if (others.length === 0) return first
  const labels = hosts.map((host) => host.split('.').toReversed())
  const [shortest = []] = labels.toSorted((a, b) => a.length - b.length)
  const differs = shortest.findIndex((label, at) => labels.some((each) => each[at] !== label))
  const common = shortest.slice(0, differs < 0 ? shortest.length : differs)
  const heads = labels
    .map((each) => each.slice(common.length).toReversed().join('.'))
    .filter((head) => head !== '')
  const tail = common.length === 0 ? '' : `.${common.toReversed().join('.')}`
  const name = `(${heads.join('|')})${heads.length < hosts.length ? '?' : ''}${tail}`
  if (name.length <= NAME_CHARACTERS_MAX) return name
  const digest = hash('sha256', hosts.join(' '), 'hex').slice(0, 16)
  return `(${hosts.length} hosts ${digest})${tail.length <= 100 ? tail : ''}`
}

/**
 * The canonical form of a site's name that somebody wrote, with its hosts in any order; null where it is none. Names with a hash are
 * taken as they are.
 */
export function readSiteName(text: string): string | null {
  if (/^\(\d{1,4} hosts [0-9a-f]{16}\)(?:\.[a-z0-9._-]{1,200})?$/.test(text)) return text
  if (text.length === 0 || text.length > 2_000) return null
  const parts = /^\(([^()]+)\)(\?)?(?:\.([^()]+))?$/.exec(text)
  const [, heads, optional, tail] = parts ?? []
  const hosts =
    heads === undefined
      ? [text]
      : [
          ...heads.split('|').map((head) => (tail === undefined ? head : `${head}.${tail}`)),
          ...(optional === undefined || tail === undefined ? [] : [tail]),
        ]
  if (optional !== undefined && tail === undefined) return null
  if (hosts.length > HOSTS_MAX || !hosts.every((host) => isHost(canonical(host)))) return null
  return siteNameOf(hosts)
}

/** Whether a text is a host name in canonical form, or an address literal. */
function isHost(text: string): boolean {
  if (/^\[[0-9a-z.:]{2,60}\]$/.test(text)) return true
  return text.length <= 253 && text.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label))
}

function canonical(host: string): string {
  const lower = host.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}
