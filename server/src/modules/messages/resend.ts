import { invalidField } from '../../kernel/faults.ts'
import type { RecipientState } from '../../kernel/lane.ts'

/** Recipients that are chosen where nobody says which: they did not get the message, or nobody knows whether they did. */
const NOT_REACHED: ReadonlySet<RecipientState> = new Set(['bounced', 'expired', 'cancelled', 'uncertain'])
const WAITING: ReadonlySet<RecipientState> = new Set(['pending', 'scheduled', 'held'])

export interface Candidate {
  readonly number: number
  readonly state: RecipientState
}

/** Whether a recipient gets the message again where nobody says who does. */
export function isChosenByDefault({ state }: Candidate): boolean {
  return NOT_REACHED.has(state)
}

/** Whether a recipient may be chosen: who still waits would get the message twice, for no reason. */
export function mayBeChosen({ state }: Candidate): boolean {
  return !WAITING.has(state)
}

/** Those who get a message again, in their order. Throws `invalid_request` where that is nobody, or who was asked for cannot be. */
export function chosenOf<One extends Candidate>(
  candidates: readonly One[],
  wanted: readonly number[] | undefined,
): One[] {
  if (wanted === undefined) {
    const chosen = candidates.filter(isChosenByDefault)
    if (chosen.length > 0) return chosen
    throw invalidField(
      'recipients',
      'nobody of this message bounced, expired, was cancelled or is uncertain',
      'Name those who shall get it again.',
    )
  }
  const byNumber = new Map(candidates.map((candidate) => [candidate.number, candidate]))
  const numbers = [...new Set(wanted)].sort((a, b) => a - b)
  return numbers.map((number) => {
    const candidate = byNumber.get(number)
    if (candidate === undefined)
      throw invalidField('recipients', `the message has no recipient ${number}`, 'messages.get lists them.')
    if (!mayBeChosen(candidate))
      throw invalidField(
        'recipients',
        `recipient ${number} is ${candidate.state} and still gets the first one`,
        'Cancel it first, or leave it out.',
      )
    return candidate
  })
}
