import type { Alert } from '@bulkhead/sdk'

export type NextPlace =
  | 'member'
  | '/security/members'
  | '/security/approvals'
  | '/security/containment'
  | '/security/audit'
  | '/security/sign-on'
  | '/security/account'
  | '/api-keys'
  | '/operations/quotas'
  | '/operations/shaping'

/** Where the next step after an alert is done, by its kind; the most useful first. */
export function placesAfter(kind: string): readonly NextPlace[] {
  const [noun = ''] = kind.split('.')
  switch (noun) {
    case 'second_factor':
    case 'novelty':
      return ['member', '/security/account', '/security/audit']
    case 'recovery':
      return ['/security/approvals', 'member']
    case 'profile':
      return kind === 'profile.unexplained'
        ? ['/security/containment', '/security/approvals', '/security/audit']
        : ['/security/approvals', '/security/audit']
    case 'credential':
      return ['/api-keys', '/security/audit', '/security/containment']
    case 'sso':
      return ['/security/sign-on', '/security/members']
    case 'quota':
      return ['/operations/quotas']
    case 'shaping':
      return ['/operations/shaping']
    default:
      return ['/security/members', '/security/containment', '/security/audit']
  }
}

export const PLACE_WORDS: Readonly<Record<NextPlace, string>> = {
  member: 'The member and their sessions',
  '/security/members': 'Members and their sessions',
  '/security/approvals': 'Changes and approvals',
  '/security/containment': 'Contain',
  '/security/audit': 'Audit log',
  '/security/sign-on': 'Sign-on',
  '/security/account': 'Your account',
  '/api-keys': 'API keys',
  '/operations/quotas': 'Quotas',
  '/operations/shaping': 'Shaping',
}

/** Names of the counts that alerts carry. */
const FACT_WORDS: Readonly<Record<string, string>> = {
  people: 'People concerned',
  identifiers: 'Addresses',
  clients: 'Clients',
  minutes: 'Within minutes',
  seconds: 'Within seconds',
  network: 'Network',
  subject: 'Of',
  lane: 'Lane',
  period: 'Period',
  amount: 'Quota',
  used: 'Used',
  resetsAt: 'Starts anew',
  kind: 'Kind',
  label: 'Name',
}

/** What stands in the text of the alert already, or is an id that a link leads to. */
const LEFT_OUT = new Set(['what', 'change'])

/** The counts of an alert as rows; what is nested is left to the API. */
export function factsOf(detail: Alert['detail']): readonly (readonly [string, string])[] {
  return Object.entries(detail).flatMap(([name, value]) =>
    !LEFT_OUT.has(name) &&
    (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      ? [[FACT_WORDS[name] ?? name, String(value)] as const]
      : [],
  )
}
