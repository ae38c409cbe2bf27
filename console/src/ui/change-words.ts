import type { Change } from '@bulkhead/sdk'

interface Words {
  readonly what: string
  readonly before: string
  readonly after: string
  /** What rejecting does. */
  readonly reject: string
}

const NOUNS: Readonly<Record<string, string>> = {
  sender: 'sender',
  domain: 'sending domain',
  webhook: 'webhook',
  owner: 'owner',
  admin: 'admin',
}

/** A change in words: what it was before, what it is once it counts, and what taking it away does. */
export function changeWords(change: Pick<Change, 'kind' | 'subject'>, who: string | undefined): Words {
  const [noun = '', verb = ''] = change.kind.split('.')
  const name = change.subject ?? 'it'
  switch (noun) {
    case 'sender':
      return {
        what: `Sender ${name} was ${verb}`,
        before: `Mail from ${name} is accepted and held.`,
        after: `Mail from ${name} leaves.`,
        reject: 'The sender is deleted, and mail of it that was held is cancelled.',
      }
    case 'domain':
      return {
        what: `Sending domain ${name} was ${verb}`,
        before: `Mail from addresses of ${name} is accepted and held.`,
        after: `Mail from addresses of ${name} leaves.`,
        reject: 'The domain is deleted, and mail of it that was held is cancelled.',
      }
    case 'webhook':
      return {
        what: `Webhook ${name} was ${verb}`,
        before: 'It gets events, and no security alert; alerts still go to the old URL.',
        after: 'It gets security alerts too.',
        reject:
          verb === 'added'
            ? 'The webhook is deleted.'
            : 'The webhook is disabled, and gets nothing any more.',
      }
    default:
      return {
        what:
          verb === 'removed'
            ? `${who ?? 'Somebody'} is no ${NOUNS[noun] ?? noun} any more`
            : `${who ?? 'Somebody'} became ${NOUNS[noun] === 'owner' || NOUNS[noun] === 'admin' ? 'an ' : ''}${NOUNS[noun] ?? noun}`,
        before: 'Can work, but hears of no alert and decides nothing.',
        after: 'Is told of alerts, and decides as the others do.',
        reject: 'The membership ends.',
      }
  }
}

export const CHANGE_STATES = {
  waiting: { tone: 'warn', words: 'waits' },
  counts: { tone: 'neutral', words: 'counts' },
  approved: { tone: 'ok', words: 'approved' },
  rejected: { tone: 'bad', words: 'rejected' },
} as const

export function stateOf(change: Change): keyof typeof CHANGE_STATES {
  if (change.state !== 'open') return change.state
  return change.inertUntil === null ? 'counts' : 'waiting'
}
