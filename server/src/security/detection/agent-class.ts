/**
 * The kind of program behind a User-Agent: browser family and system, without versions, so that an update is nothing new. What names neither
 * is its first product token. Every attacker can write another one: this only ever adds suspicion.
 */
export function agentClass(userAgent: string): string {
  const text = userAgent.slice(0, 300)
  const family = FAMILIES.find(([pattern]) => pattern.test(text))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1]
  if (family !== undefined) return `${family} ${system ?? 'other'}`
  return `other ${/^[A-Za-z][\w.-]{0,40}/.exec(text)?.[0].toLowerCase() ?? 'none'}`
}

/** The first that fits: later ones name earlier ones in their own text for compatibility. */
const FAMILIES = [
  [/\bEdg(?:e|A|iOS)?\//, 'edge'],
  [/\bOPR\/|\bOpera\b/, 'opera'],
  [/\bSamsungBrowser\//, 'samsung'],
  [/\bFirefox\/|\bFxiOS\//, 'firefox'],
  [/\bChrome\/|\bCriOS\//, 'chrome'],
  [/\bSafari\//, 'safari'],
] as const

const SYSTEMS = [
  [/\bAndroid\b/, 'android'],
  [/\b(?:iPhone|iPad|iPod)\b/, 'ios'],
  [/\bWindows\b/, 'windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'mac'],
  [/\bCrOS\b/, 'chromeos'],
  [/\bLinux\b/, 'linux'],
] as const
