import type { ALL_SCOPES } from '../../../security/access/index.ts'

export type NativeScope = (typeof ALL_SCOPES)[number]

interface Family {
  /** What is seen, and what is changed. */
  readonly reads: readonly NativeScope[]
  readonly writes: readonly NativeScope[]
}

const MESSAGES: Family = { reads: ['messages:read'], writes: ['messages:read', 'messages:write'] }
const TEMPLATES: Family = { reads: ['templates:read'], writes: ['templates:read', 'templates:write'] }
const KEYS: Family = { reads: ['api-keys:read'], writes: ['api-keys:read', 'api-keys:write'] }
const SUPPRESSIONS: Family = {
  reads: ['suppressions:read'],
  writes: ['suppressions:read', 'suppressions:write'],
}
/** Blocks and bounces tell of mail too. */
const BOUNCES: Family = {
  reads: ['suppressions:read', 'messages:read'],
  writes: ['suppressions:read', 'suppressions:write', 'messages:read'],
}
const DOMAINS: Family = { reads: ['domains:read'], writes: ['domains:read', 'domains:write'] }
const WEBHOOKS: Family = { reads: ['webhooks:read'], writes: ['webhooks:read', 'webhooks:write'] }

const CRUD = ['create', 'read', 'update', 'delete']
const family = (
  name: string,
  of: Family,
  acts: readonly string[] = CRUD,
): [string, readonly NativeScope[]][] =>
  acts.map((act) => [`${name}.${act}`, act === 'read' ? of.reads : of.writes])

/** The vendor's permissions that its calls here ask for, and what of ours each needs. */
export const SCOPE_TABLE: ReadonlyMap<string, readonly NativeScope[]> = new Map<
  string,
  readonly NativeScope[]
>([
  ['mail.send', ['messages:send']],
  ...family('mail.batch', MESSAGES),
  ...family('user.scheduled_sends', MESSAGES),
  ...family('templates', TEMPLATES),
  ...family('templates.versions', TEMPLATES),
  ...family('templates.versions.activate', TEMPLATES),
  ...family('api_keys', KEYS),
  ...family('access_settings.whitelist', KEYS),
  ['access_settings.activity.read', KEYS.reads],
  ...family('asm.groups', SUPPRESSIONS),
  ...family('asm.groups.suppressions', SUPPRESSIONS),
  ...family('asm.suppressions', SUPPRESSIONS),
  ...family('asm.suppressions.global', SUPPRESSIONS),
  ...family('suppression', BOUNCES),
  ...family('suppression.bounces', BOUNCES),
  ...family('suppression.blocks', BOUNCES),
  ...family('suppression.invalid_emails', BOUNCES),
  ...family('suppression.spam_reports', SUPPRESSIONS),
  ...family('suppression.unsubscribes', SUPPRESSIONS),
  ...family('whitelabel', DOMAINS),
  ...family('user.webhooks.event.settings', WEBHOOKS),
  ...family('user.webhooks.event.test', WEBHOOKS),
  ...family('user.webhooks.parse.settings', WEBHOOKS),
  ['stats.read', MESSAGES.reads],
  ['stats.global.read', MESSAGES.reads],
  ['categories.read', MESSAGES.reads],
  ['categories.stats.read', MESSAGES.reads],
  ['categories.stats.sums.read', MESSAGES.reads],
])

/** What keys of the vendor's are told to have and nobody grants. */
export const PSEUDO_SCOPES = ['2fa_required', 'sender_verification_eligible'] as const

/** The vendor's permissions begin with these (docs.sendgrid.com/api-reference/api-key-permissions), many of which no call here asks for. */
const VENDOR_AREAS = new Set(
  `access_settings alerts api_keys asm billing browsers categories clients credentials design_library devices di
  email_activity email_testing geo ips mail mail_settings mailbox_providers marketing marketing_campaigns messages
  newsletter partner_settings recipients signup sso stats subusers suppression suppressions teammates templates
  tracking_settings ui user validations whitelabel`.split(/\s+/),
)
const VENDOR_FLAG = /^(2fa|sender_verification)_[a-z]+$/

/** Whether keys of the vendor's can be given these together: names of its own, and billing beside nothing else. */
export function areAssignable(names: readonly string[]): boolean {
  const granted = names.filter((name) => !VENDOR_FLAG.test(name))
  const billing = granted.filter((name) => name.startsWith('billing.'))
  return (
    granted.every((name) => VENDOR_AREAS.has(name.split('.', 1)[0] ?? '')) &&
    (billing.length === 0 || billing.length === granted.length)
  )
}

/** All that a holder of these scopes of ours may do, by the vendor's names. */
export function vendorScopesOf(held: readonly string[]): string[] {
  return [...SCOPE_TABLE]
    .filter(([, needs]) => needs.every((scope) => held.includes(scope)))
    .map(([name]) => name)
}

/** What of ours the vendor's permissions need. Those that no call here asks for need nothing. */
export function nativeScopesOf(names: readonly string[]): NativeScope[] {
  return [...new Set(names.flatMap((name) => SCOPE_TABLE.get(name) ?? []))]
}
