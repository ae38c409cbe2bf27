import { z } from 'zod'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'
import { Suppression } from './suppression.ts'

export const Explanation = z
  .object({
    email: z.string(),
    suppressed: z.boolean(),
    why: z.string().describe('In words.'),
    stops: z.array(z.enum(LANES)).describe('The lanes whose mail does not go there.'),
    until: Instant.nullable().describe('When it ends by itself; null: never, or it is not suppressed.'),
    afterwards: z.string().nullable().describe('What is left after its end.'),
    whatToDo: z.array(z.string()),
    suppression: Suppression.nullable(),
  })
  .meta({ id: 'SuppressionExplanation' })
export type Explanation = z.output<typeof Explanation>

type Entry = z.output<typeof Suppression>

/** Why an address gets no mail, what exactly it does not get, until when, and what to do. `keepsBulk`: bulk mail stays stopped after the end. */
export function explain(email: string, entry: Entry | null, keepsBulk: boolean, now: Date): Explanation {
  if (entry === null || (entry.expiresAt !== null && new Date(entry.expiresAt) <= now && !keepsBulk)) {
    return {
      email,
      suppressed: false,
      why: 'The address is not on the suppression list of this workspace.',
      stops: [],
      until: null,
      afterwards: null,
      whatToDo: [
        `To see what became of mail to it: bulkhead messages list --recipient ${email}`,
        'Another workspace, or the server of the address, may refuse it for reasons of its own.',
      ],
      suppression: entry,
    }
  }
  return {
    email,
    suppressed: true,
    why: whyOf(entry),
    stops: entry.scope === 'bulk' ? ['bulk'] : [...LANES],
    until: entry.expiresAt,
    afterwards: keepsBulk ? 'Bulk mail stays stopped: the address had unsubscribed from it.' : null,
    whatToDo: whatToDo(email, entry),
    suppression: entry,
  }
}

function whyOf({ reason, evidence, messageId, importId, note, createdAt }: Entry): string {
  const since = `since ${createdAt.slice(0, 10)}`
  // Where something was widened the row names both: evidence of its own has what a server or recipient said, an import has none.
  const imported = importId !== null && Object.keys(evidence ?? {}).every((name) => name === 'before')
  const brought = imported ? ` It came with the import ${importId}.` : ''
  const remark = note === null ? '' : ` Note: ${note}`
  const caused = messageId === null || imported ? '' : ` It was the message ${messageId}.`
  const told = saidOf(evidence)
  const said = told === null ? '' : ` The other side said: ${told}.`
  switch (reason) {
    case 'hard_bounce':
      return `The server of the address refused it for good, ${since}.${said}${caused}${brought}${remark}`
    case 'complaint':
      return `Its owner reported mail of this workspace as spam, ${since}.${caused}${brought}${remark}`
    case 'unsubscribe':
      return `Its owner unsubscribed, ${since}.${caused}${brought}${remark}`
    case 'manual':
      return `Somebody of the workspace put it on the list, ${since}.${brought}${remark}`
  }
}

/** The reply, as the engine and the handler of bounces keep it. */
function saidOf(evidence: Entry['evidence']): string | null {
  if (evidence === null) return null
  const parts = [evidence['code'], evidence['enhanced'], evidence['reply'] ?? evidence['reason']].filter(
    (part) => typeof part === 'string' || typeof part === 'number',
  )
  const text = parts.join(' ').trim().replace(/\.$/, '')
  return text === '' ? null : text.slice(0, 500)
}

function whatToDo(email: string, { reason }: Entry): string[] {
  const remove = `bulkhead suppressions remove ${email}`
  switch (reason) {
    case 'hard_bounce':
      return [
        'Look at the spelling; a mailbox that is gone stays gone.',
        `If you know that it takes mail again: ${remove}. Another refusal suppresses it again.`,
      ]
    case 'complaint':
      return [
        'Do not mail it. Complaints cost the standing of your domain with its provider.',
        `Only if its owner asks for your mail, and you can show that: ${remove}`,
      ]
    case 'unsubscribe':
      return [
        'Receipts, resets and other mail that is not of the lane bulk still goes there.',
        `Only if its owner subscribes again: ${remove}`,
      ]
    case 'manual':
      return [`If nobody remembers why, ask who did it: bulkhead audit list. To lift it: ${remove}`]
  }
}
