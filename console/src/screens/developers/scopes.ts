import { CHOICES } from '@bulkhead/sdk'
import { nounOf, type ScopeGroup } from '../../ui/scope-words.ts'

/** What a key may be allowed to do, as the server lists it. */
export const KEY_SCOPES = CHOICES['apiKeys.create'].scopes
export type KeyScope = (typeof KEY_SCOPES)[number]

const GROUPS: readonly (readonly [title: string, nouns: readonly string[]])[] = [
  ['Mail', ['messages', 'templates', 'inbox']],
  ['People, and mail to all of them', ['contacts', 'broadcasts']],
  ['Who sends, and to whom not', ['domains', 'senders', 'suppressions']],
  ['Connecting programs', ['webhooks', 'api-keys', 'smtp-credentials', 'credentials']],
  ['Watching', ['workspace', 'operations', 'alerts', 'audit', 'containments']],
]

/** The scopes in groups. What the console knows no group for stands behind them. */
export const SCOPE_GROUPS: readonly ScopeGroup<KeyScope>[] = groups()

function groups(): ScopeGroup<KeyScope>[] {
  const known = GROUPS.map(([title, nouns]) => ({
    title,
    scopes: KEY_SCOPES.filter((scope) => nouns.includes(nounOf(scope))),
  }))
  const named = new Set(known.flatMap(({ scopes }) => scopes))
  const others = KEY_SCOPES.filter((scope) => !named.has(scope))
  return others.length === 0 ? known : [...known, { title: 'Other', scopes: others }]
}

export const PRESETS = [
  { name: 'send', label: 'Send only', hint: 'For an application that sends mail. The best choice for most.' },
  {
    name: 'read',
    label: 'Read only',
    hint: 'For dashboards: sees everything but the audit log, changes nothing.',
  },
  { name: 'all', label: 'Everything', hint: 'As much as you may yourself, making keys included.' },
  { name: 'own', label: 'Choose', hint: 'Exactly the scopes that you tick.' },
] as const
export type Preset = (typeof PRESETS)[number]['name']

/** The scopes of a preset, of those that whoever makes the key holds: no key reaches further than its maker. */
export function scopesOf(preset: Exclude<Preset, 'own'>, may: (scope: string) => boolean): KeyScope[] {
  const held = KEY_SCOPES.filter((scope) => may(scope))
  switch (preset) {
    case 'send':
      return held.filter((scope) => scope === 'messages:send')
    case 'read':
      return held.filter((scope) => scope.endsWith(':read') && scope !== 'audit:read')
    case 'all':
      return held
  }
}

/** The scopes of a key in few words, as a list shows them. */
export function scopesInWords(scopes: readonly string[]): string {
  if (scopes.length === KEY_SCOPES.length) return 'everything'
  const [only] = scopes
  if (scopes.length === 1 && only === 'messages:send') return 'send only'
  if (scopes.length > 1 && scopes.every((scope) => scope.endsWith(':read')))
    return `read only (${scopes.length})`
  return scopes.length <= 2 ? scopes.join(', ') : `${scopes.length} of ${KEY_SCOPES.length} scopes`
}
