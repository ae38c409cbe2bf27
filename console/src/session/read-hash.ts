export interface HashContent {
  readonly token: string | undefined
  /** A page named in the fragment, as `#/inbox`. */
  readonly path: string | undefined
}

const PATH = /^(?:\/[\w-]{1,100}){1,4}$/
const KEY = /^[\x21-\x7e]{8,200}$/

const LOCAL = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * What the fragment of the console's URL says: `#token=<key>`, `#/inbox`, or both as `#token=<key>/#/inbox`. The fragment never
 * leaves the browser, so a key in it is in no server's log. A key is taken on `hostname`s of this machine only, where `npm start` prints such
 * a URL: elsewhere a stranger's link would put whoever follows it into the stranger's workspace (login CSRF).
 */
export function readHash(hash: string, hostname: string): HashContent {
  const text = hash.replace(/^#/, '')
  const named = /^token=([^/&#]+)/.exec(text)
  const token = named?.[1] === undefined ? undefined : decode(named[1])
  const rest = named === null ? text : text.slice(named[0].length).replace(/^(?:\/?#|&)/, '')
  return {
    token: token !== undefined && KEY.test(token) && LOCAL.has(hostname) ? token : undefined,
    path: PATH.test(rest) ? rest : undefined,
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
