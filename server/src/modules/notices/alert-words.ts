/** What is known of an alert, without anything that a stranger wrote. */
export interface AlertFacts {
  readonly kind: string
  readonly severity: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly change: {
    readonly kind: string
    /** A domain, the host of a webhook, a role or the address of a sender. */
    readonly label: string | null
    readonly actor: string | null
    readonly process: string
    readonly inertUntil: Date | null
  } | null
}

const CHANGES: Readonly<Record<string, string>> = {
  'sender.added': 'A sender was added',
  'sender.changed': 'A sender was changed',
  'sender.removed': 'A sender was removed',
  'domain.added': 'A sending domain was added',
  'domain.changed': 'A sending domain was changed',
  'domain.removed': 'A sending domain was removed',
  'webhook.added': 'A webhook was added',
  'webhook.changed': 'A webhook was changed',
  'webhook.removed': 'A webhook was removed',
  'owner.added': 'Somebody became an owner',
  'owner.changed': 'An owner or admin was changed',
  'owner.removed': 'An owner was removed',
  'admin.added': 'Somebody became an admin',
  'admin.removed': 'An admin was removed',
}

const NOT_YOU =
  'If nobody of you did this: end the sessions of the account, change its password and look at its second factors.'

/** What happened, in words of its own; the facts come below. */
const KINDS: Readonly<Record<string, string>> = {
  'quota.near':
    'Four fifths of a quota of sending are used. See what is left and when it starts anew: bulkhead quotas.',
  'quota.reached':
    'A quota of sending is used up. Mail beyond it is refused until it starts anew, or until whoever set it raises it: bulkhead quotas.',
  'inbound_route.changed':
    'Mail that comes to a host name of the workspace is posted to a program for the first time, or to another one than before. If nobody of you did this, remove the route: bulkhead inbound-routes list.',
  'sso.connected':
    'An identity provider was connected to the workspace, or its connection was changed. Who has it can sign in as every member. If no owner did this, disconnect it: bulkhead sso disconnect.',
  'second_factor.added': `A second factor was added to the account. ${NOT_YOU}`,
  'second_factor.removed': `A second factor was removed from the account, and its other sessions were ended. ${NOT_YOU}`,
  'second_factor.recovery_codes_made': `New recovery codes were made for the account; the old ones work no more. ${NOT_YOU}`,
  'second_factor.recovery_code_used': `A recovery code of the account was used in place of a second factor. ${NOT_YOU}`,
  'second_factor.cloned':
    'A passkey of the account counted backwards: there may be a copy of the device. It was refused. Remove this passkey and add a new one.',
  'second_factor.forged':
    'A passkey of the account is not the one that was registered: somebody wrote to the database past the product. It was refused.',
  'second_factor.locked': `A hundred codes in a row were wrong: somebody who knows the password guesses. Codes are refused until another factor was shown. Change the password.`,
}

const FACTS_MAX = 12

/** What happened, in sentences; the last ones say what it means and what can be done. */
export function alertWords({ kind, severity, detail, change }: AlertFacts): string {
  const lines: string[] = []
  if (change !== null) {
    const what = CHANGES[change.kind] ?? 'The profile was changed'
    lines.push(`${what}${change.label === null ? '.' : `: ${change.label}`}`)
    lines.push(`By: ${actorWords(change.actor, change.process)}`)
    if (kind === 'profile.unexplained') {
      lines.push(
        'The audit log knows of no act behind it: somebody wrote to the database past the product. Treat the database as broken into.',
      )
    }
    if (change.inertUntil !== null) {
      lines.push(
        `It does nothing until ${change.inertUntil.toISOString().slice(0, 16).replace('T', ' ')} UTC: mail from it is held, and it hears of no alert. Another owner can approve or reject it before: bulkhead changes list.`,
      )
    }
    return lines.join('\n')
  }
  if (kind === 'profile.unexplained') {
    return 'The record of this workspace in the database is not the one in the audit log: somebody wrote to the database past the product.'
  }
  const about = KINDS[kind]
  if (about !== undefined) lines.push(about)
  lines.push(`What: ${kind} (${severity})`)
  for (const [name, value] of Object.entries(detail).slice(0, FACTS_MAX)) {
    if (typeof value === 'number' || typeof value === 'boolean') lines.push(`${plain(name)}: ${value}`)
    else if (typeof value === 'string') lines.push(`${plain(name)}: ${plain(value)}`)
  }
  return lines.join('\n')
}

function actorWords(actor: string | null, process: string): string {
  const [kind] = actor?.split(':') ?? []
  switch (kind) {
    case 'member':
      return 'a member of the workspace, signed in'
    case 'api_key':
      return 'an API key'
    case 'operator':
      return 'the operator of the installation'
    case undefined:
      return process.startsWith('bulkhead_')
        ? `the process ${process.slice('bulkhead_'.length)}`
        : 'nobody that the product knows'
    default:
      return 'the product itself'
  }
}

/** Printable, short and without what a mail program makes a link of. */
function plain(text: string): string {
  return text
    .replaceAll(/[^\p{L}\p{N} ._-]/gu, ' ')
    .replaceAll(/\.(?=\S)/g, ' ')
    .slice(0, 100)
}
