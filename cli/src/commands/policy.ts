import { CHOICES, type PoliciesChangeInput } from '@bulkhead/sdk'
import { choice, text, texts, toggle, type Command, type Given } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'
import { facts, type Screen } from '../table.ts'

const secondFactor = choice(
  'second-factor',
  CHOICES['policies.change'].secondFactor,
  'What members have to show.',
)
const hours = text('session-hours', 'N', 'How long after log-in a session opens this workspace, 1 to 720.')
const networks = texts(
  'network',
  'CIDR',
  'A network from which members may act; repeat it. Those that are not named are taken off.',
)
const anyNetwork = toggle('any-network', 'Members may act from everywhere.')
const domains = texts(
  'domain',
  'DOMAIN',
  'A domain of addresses that may be invited; repeat it. Those that are not named are taken off.',
)
const anyDomain = toggle('any-domain', 'Everybody may be invited.')
const sso = choice('sso', ['required', 'optional'], 'Whether members sign in through the own provider only.')

const changeFlags = [secondFactor, hours, networks, anyNetwork, domains, anyDomain, sso] as const

function wishedOf(given: Given): PoliciesChangeInput {
  const wantedHours = given.flag(hours)
  if (wantedHours !== undefined && !/^[1-9]\d{0,2}$/.test(wantedHours))
    throw new UsageError(`--session-hours ${wantedHours}: write a whole number, 1 to 720.`)
  const [cidrs, names, way] = [given.flag(networks), given.flag(domains), given.flag(sso)]
  if (given.flag(anyNetwork) && cidrs.length > 0)
    throw new UsageError('--network and --any-network say the opposite: give one of the two.')
  if (given.flag(anyDomain) && names.length > 0)
    throw new UsageError('--domain and --any-domain say the opposite: give one of the two.')
  return {
    secondFactor: given.flag(secondFactor),
    sessionHours: wantedHours === undefined ? undefined : Number(wantedHours),
    allowedCidrs: given.flag(anyNetwork) ? [] : cidrs.length === 0 ? undefined : [...cidrs],
    signInDomains: given.flag(anyDomain) ? [] : names.length === 0 ? undefined : [...names],
    ssoRequired: way === undefined ? undefined : way === 'required',
  }
}

interface Shown {
  readonly secondFactor: string
  readonly sessionHours: number
  readonly allowedCidrs: readonly string[]
  readonly signInDomains: readonly string[]
  readonly ssoRequired: boolean
  readonly yourAddress: string
  readonly pending: {
    readonly until: string
    readonly requestedBy: string
    readonly policy: { readonly allowedCidrs: readonly string[] }
  } | null
  readonly outsiders: readonly { readonly email: string }[]
}

const shown = (policy: Shown, screen: Screen): string =>
  facts(
    [
      ['Second factor', policy.secondFactor],
      ['Session', `${policy.sessionHours} hours`],
      ['Networks', policy.allowedCidrs.join(', ') || 'all'],
      ['Domains', policy.signInDomains.join(', ') || 'all'],
      ['Own provider', policy.ssoRequired ? 'required' : 'optional'],
      ['Your address', policy.yourAddress],
      ...(policy.outsiders.length === 0
        ? []
        : [['Outside of the domains', policy.outsiders.map(({ email }) => email).join(', ')] as const]),
      ...(policy.pending === null
        ? []
        : [
            ['Waits for another owner', `networks ${policy.pending.policy.allowedCidrs.join(', ')}`] as const,
            ['Asked for by', policy.pending.requestedBy] as const,
            ['Dropped', relative(policy.pending.until, screen.now)] as const,
          ]),
    ],
    screen,
  )

const show: Command = {
  path: ['policy', 'show'],
  summary: 'Show what the workspace demands of its members',
  operations: ['policies.get'],
  examples: [{ line: 'bulkhead policy show', says: 'factor, session, networks, domains' }],
  async run(context) {
    const policy = await context.client().policies.get()
    context.out.show(policy, (screen) => shown(policy, screen))
  },
}

const set: Command = {
  path: ['policy', 'set'],
  summary: 'Change what the workspace demands of its members',
  description:
    'What is not named stays. Holds at the next request; members are told. Networks without your own address wait for another owner, who confirms from inside them.',
  operations: ['policies.change'],
  flags: changeFlags,
  examples: [
    { line: 'bulkhead policy set --second-factor passkey', says: 'log in with a passkey yourself first' },
    {
      line: 'bulkhead policy set --network 203.0.113.0/24 --network 2001:db8::/32',
      says: 'both, and no other',
    },
  ],
  async run(context, given) {
    const policy = await context.client().policies.change(wishedOf(given))
    context.out.show(policy, (screen) => shown(policy, screen))
  },
}

const preview: Command = {
  path: ['policy', 'preview'],
  summary: 'Show what a change of the policy would do',
  description:
    'Whose sessions would end, who could not come back, and whether it would wait. It changes nothing.',
  operations: ['policies.preview'],
  flags: changeFlags,
  examples: [{ line: 'bulkhead policy preview --second-factor passkey', says: 'who has no passkey yet?' }],
  async run(context, given) {
    const seen = await context.client().policies.preview(wishedOf(given))
    context.out.show(seen, (screen) =>
      facts(
        [
          ['Changes', seen.changed.join(', ') || 'nothing'],
          ['Refused', seen.refusal],
          ['Your address', seen.yourAddress],
          ['Waits', seen.waits ? 'for another owner, 15 minutes' : 'no'],
          ['Sessions ending', `${seen.sessionsEnding} of ${seen.sessionsOpen}`],
          ...seen.losing.map(
            (one) =>
              [
                one.email,
                `${one.sessions} ending, ${one.sessionsLeft} left${one.canReturn ? '' : '; cannot come back yet'}`,
              ] as const,
          ),
        ],
        screen,
      ),
    )
  },
}

const confirm: Command = {
  path: ['policy', 'confirm'],
  summary: 'Confirm a change of networks that another owner asked for',
  description: 'From an address inside of them, within 15 minutes.',
  operations: ['policies.confirm'],
  examples: [{ line: 'bulkhead policy confirm', says: 'as another owner' }],
  async run(context) {
    const policy = await context.client().policies.confirm()
    context.out.show(policy, (screen) => shown(policy, screen))
  },
}

export const policyCommands: readonly Command[] = [show, preview, set, confirm]
