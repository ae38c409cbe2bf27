const NAME_CHARS = 60
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\/|\bEdge\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bChromium\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^bulkhead/i, 'the Bulkhead command line'],
  [/^curl\//i, 'curl'],
]
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone|\biPad/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** What a User-Agent says of a device, in words: `Firefox on Linux`. It is what the other end says of itself, so it never enters as it is. */
export function deviceName(userAgent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1]
  if (browser === undefined && system === undefined) return 'an unknown device'
  return system === undefined ? (browser ?? '') : `${browser ?? 'a browser'} on ${system}`
}

/** The network of an address: the address of IPv4, the /64 of IPv6, which is one site and changes within by itself. */
export function networkName(address: string): string {
  if (!address.includes(':')) return /^[\d.]{7,15}$/.test(address) ? address : 'an unknown network'
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((g) => g !== '').length
  const whole = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => '0')].slice(0, 4)
  return whole.every((group) => /^[\da-f]{1,4}$/i.test(group)) && whole.length === 4
    ? `${whole.join(':')}::/64`
    : 'an unknown network'
}

/**
 * A name that somebody chose, fit for a letter of ours: one line, at most 60 characters, and nothing that a mail program would make a
 * link of. A workspace called `Win a prize at evil.example` must not become an advertisement in our name.
 */
export function plainName(name: string): string {
  const line = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>"]/gu, ' ')
    .replaceAll(/[.:/@](?=\S)/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const chars = Array.from(line)
  return chars.length <= NAME_CHARS ? line : `${chars.slice(0, NAME_CHARS - 1).join('')}…`
}
