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
