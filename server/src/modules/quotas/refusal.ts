import { Fault } from '../../kernel/faults.ts'
import { capacityOf, isRate, nameOf, remainingOf, usedOf, type LimitState } from './limit.ts'
import { rateLimitFields } from './rate-limit-fields.ts'

/**
 * What is answered to a message of `wanted` recipients that its limits refuse: `rate_limited` or `quota_exceeded`, and the wait that is enough for
 * all of them, or `too_many_recipients` where it never fits, because then waiting would be bad advice. Named is the limit with the longest
 * wait. Throws where none refuses.
 */
export function refusalOf(states: readonly LimitState[], wanted: number, nowMs: number): Fault {
  const refusing = states.filter((state) => state.refuses)
  const worst = refusing.toSorted((a, b) => (b.waitSeconds ?? Infinity) - (a.waitSeconds ?? Infinity))[0]
  if (worst === undefined) throw new Error('no limit refuses this message')
  const retryAfterSeconds = worst.waitSeconds === null ? null : Math.max(1, Math.ceil(worst.waitSeconds))
  const resetsAt = new Date(nowMs + worst.resetSeconds * 1_000).toISOString()
  const facts = {
    limit: {
      name: nameOf(worst),
      amount: worst.amount,
      period: worst.period,
      lane: worst.lane,
      used: usedOf(worst),
      wanted,
      resetsAt,
      retryAfterSeconds,
    },
    headers: rateLimitFields(states),
  }
  if (retryAfterSeconds === null) {
    return new Fault('too_many_recipients', {
      detail: `${OF[worst.scope]} takes at most ${capacityOf(worst)} recipients at once${ofLane(worst)}; this message has ${wanted}. Split it into smaller ones.`,
      fields: [{ field: 'to', problem: `more than ${capacityOf(worst)} recipients never fit the limit` }],
      ...facts,
    })
  }
  const rate = isRate(worst.period)
  return new Fault(rate ? 'rate_limited' : 'quota_exceeded', {
    detail:
      `${OF[worst.scope]} allows ${worst.amount} recipients a ${worst.period}${ofLane(worst)}; there is room for ${remainingOf(worst)} now and this message has ${wanted}. ` +
      `Nothing of it was accepted. Send it again in ${retryAfterSeconds} seconds` +
      `${rate ? '.' : `: the ${worst.period} ends at ${resetsAt}.`} ${MORE[worst.scope]}`,
    retryAfterSeconds,
    ...facts,
  })
}

const OF = {
  installation: 'The limit that whoever runs this server set for the workspace',
  workspace: 'The limit of the workspace',
  credential: 'The limit of this credential',
} as const

const MORE = {
  installation: 'Whoever runs this server can raise it.',
  workspace: 'An owner of the workspace can raise it.',
  credential: 'Whoever manages the credentials of the workspace can raise it.',
} as const

function ofLane(state: LimitState): string {
  return state.lane === 'all' ? '' : ` in the lane ${state.lane}`
}
