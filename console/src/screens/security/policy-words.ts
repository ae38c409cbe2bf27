import type { PoliciesGetOutput } from '@bulkhead/sdk'
import { counted } from './people-words.ts'

export type Policy = Pick<
  PoliciesGetOutput,
  'secondFactor' | 'sessionHours' | 'allowedCidrs' | 'signInDomains' | 'ssoRequired'
>
export type Rule = keyof Policy

export const FACTOR_RULES: readonly {
  readonly value: Policy['secondFactor']
  readonly label: string
  readonly words: string
}[] = [
  {
    value: 'optional',
    label: 'A password is enough',
    words: 'Whoever guesses or steals a password is in. Not for a workspace that sends real mail.',
  },
  {
    value: 'required',
    label: 'Any second factor',
    words: 'A passkey, an authenticator app, a recovery code, or the company’s sign-on. The default.',
  },
  {
    value: 'passkey',
    label: 'Passkeys only',
    words:
      'A passkey, or the company’s sign-on. Nothing that can be asked for on a page that looks like this one.',
  },
]

/** What a rule says now, as a sentence. */
export function ruleInWords(rule: Rule, policy: Policy): string {
  switch (rule) {
    case 'secondFactor':
      return {
        optional: 'Members sign in with a password; a second factor is up to them.',
        required: 'Members sign in with a second factor: a passkey, an app, or the company’s sign-on.',
        passkey: 'Members sign in with a passkey or the company’s sign-on; codes of apps are not enough.',
      }[policy.secondFactor]
    case 'sessionHours':
      return `A session opens this workspace for ${hoursInWords(policy.sessionHours)} after log-in.`
    case 'allowedCidrs':
      return policy.allowedCidrs.length === 0
        ? 'Members may act from everywhere.'
        : `Members may act from ${counted(policy.allowedCidrs.length, 'network')} only.`
    case 'signInDomains':
      return policy.signInDomains.length === 0
        ? 'Everybody may be invited, whatever the domain of the address.'
        : `Only addresses of ${policy.signInDomains.join(', ')} may be invited.`
    case 'ssoRequired':
      return policy.ssoRequired
        ? 'Members other than owners sign in through the connected provider, and in no other way.'
        : 'Members may sign in in any way that the rules above allow.'
  }
}

/** 168 → "7 days", 36 → "36 hours". */
export function hoursInWords(hours: number): string {
  return hours % 24 === 0 && hours >= 48 ? counted(hours / 24, 'day') : counted(hours, 'hour')
}

/** The value of a rule, as it stands beside another: "from … to …". */
export function valueOf(rule: Rule, policy: Policy): string {
  switch (rule) {
    case 'secondFactor':
      return FACTOR_RULES.find(({ value }) => value === policy.secondFactor)?.label ?? policy.secondFactor
    case 'sessionHours':
      return hoursInWords(policy.sessionHours)
    case 'allowedCidrs':
      return policy.allowedCidrs.join(', ') || 'everywhere'
    case 'signInDomains':
      return policy.signInDomains.join(', ') || 'any domain'
    case 'ssoRequired':
      return policy.ssoRequired ? 'the provider only' : 'any way'
  }
}

export const RULE_TITLES: Readonly<Record<Rule, string>> = {
  secondFactor: 'Second factor',
  sessionHours: 'Length of a session',
  allowedCidrs: 'Networks',
  signInDomains: 'Who may be invited',
  ssoRequired: 'Sign-on through the company',
}

export const LOSS_WORDS: Readonly<Record<'second_factor' | 'network' | 'age' | 'provider', string>> = {
  second_factor: 'signed in with less than is asked for',
  network: 'signed in from another network',
  age: 'signed in too long ago',
  provider: 'did not sign in through the provider',
}
