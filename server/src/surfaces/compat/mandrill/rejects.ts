import { Fault } from '../../../kernel/faults.ts'
import {
  addSuppression,
  deleteSuppressionByEmail,
  listExemptions,
  listSuppressions,
} from '../../../modules/suppressions/index.ts'
import type { SuppressionExemptions, Suppressions } from '../../../modules/suppressions/index.ts'
import { getSubaccount } from '../../../modules/subaccounts/index.ts'
import type { Subaccounts } from '../../../modules/subaccounts/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { emailIn } from './addresses.ts'
import { parametersOf } from './body.ts'
import { createProblems, flagAt, textAt, toldTime } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, refuse, unknownSubaccount } from './errors.ts'
import { addressProblem } from './message-request.ts'
import { route } from './routes.ts'

export interface RejectServices {
  readonly suppressions: Suppressions
  readonly suppressionExemptions: SuppressionExemptions
  readonly subaccounts: Subaccounts
}

type Call = DoorCall<RejectServices>

const LISTED_MAX = 1_000

const REASONS = {
  hard_bounce: 'hard-bounce',
  complaint: 'spam',
  unsubscribe: 'unsub',
  manual: 'custom',
} as const

async function add(call: Call) {
  const parameters = parametersOf(call, 'email')
  const email = emailIn(parameters)
  const problems = createProblems()
  const comment = textAt(problems, parameters['comment'], ['comment'], 1_000)?.trim()
  problems.throwIfAny()
  await refuseSubaccount(call, parameters)
  // As the vendor has it: what is on the allowlist comes on no denylist.
  if (await isAllowed(call, email)) return { email, added: false }
  await call.run(addSuppression, {
    email,
    reason: 'manual',
    ...(comment === undefined || comment === '' ? {} : { note: comment }),
  })
  return { email, added: true }
}

/** A key that may not look adds what it is told to. */
async function isAllowed(call: Call, email: string): Promise<boolean> {
  try {
    return (await call.run(listExemptions, { email, limit: 1 })).data.length > 0
  } catch (error) {
    if (error instanceof Fault && error.code === 'missing_scope') return false
    throw error
  }
}

/** Entries that have ended are there until they are swept away. */
async function list(call: Call) {
  const parameters = parametersOf(call)
  const problems = createProblems()
  const email = textAt(problems, parameters['email'], ['email'])?.trim()
  const showsExpired = flagAt(problems, parameters['include_expired'], ['include_expired']) ?? false
  problems.throwIfAny()
  await refuseSubaccount(call, parameters)
  if (email !== undefined && email !== '' && addressProblem(email) !== undefined) return []
  const entries = await collect(
    (page) =>
      call.run(listSuppressions, { ...page, ...(email === undefined || email === '' ? {} : { email }) }),
    (items) => items.length >= LISTED_MAX,
  )
  const wanted = entries.filter((entry) => showsExpired || !isExpired(entry))
  return wanted.slice(0, LISTED_MAX).flatMap((entry) =>
    entry.email === null
      ? []
      : [
          {
            email: entry.email,
            reason: REASONS[entry.reason],
            detail: entry.note ?? evidenceOf(entry.evidence),
            created_at: toldTime(entry.createdAt),
            last_event_at: toldTime(entry.createdAt),
            expires_at: entry.expiresAt === null ? null : toldTime(entry.expiresAt),
            expired: isExpired(entry),
            sender: null,
            subaccount: null,
          },
        ],
  )
}

function isExpired({ expiresAt }: { readonly expiresAt: string | null }): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now()
}

/** What the other server said. */
function evidenceOf(evidence: Readonly<Record<string, unknown>> | null): string {
  const { code, enhanced, reply } = evidence ?? {}
  return [code, enhanced, reply]
    .filter((part) => typeof part === 'string' || typeof part === 'number')
    .join(' ')
}

async function remove(call: Call) {
  const parameters = parametersOf(call, 'email')
  const email = emailIn(parameters)
  await refuseSubaccount(call, parameters)
  await call.run(deleteSuppressionByEmail, { email }).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'not_found') throw error
    throw refuse(4, 'Invalid_Reject', 'Email address is not in the rejection list and is not invalid')
  })
  return { email, deleted: true, subaccount: null }
}

/** Here who gets no mail gets none of the whole workspace: an entry of one subaccount would stop more than is asked for. */
async function refuseSubaccount(call: Call, parameters: JsonObject): Promise<void> {
  const problems = createProblems()
  const name = textAt(problems, parameters['subaccount'], ['subaccount'], 255)
  problems.throwIfAny()
  if (name === undefined || name === '') return
  await call.run(getSubaccount, { subaccountId: name }).catch((error: unknown) => {
    throw error instanceof Fault && error.code === 'not_found' ? unknownSubaccount(name) : error
  })
  throw notValid({ subaccount: 'Entries hold for the whole account here: leave subaccount out' })
}

/** Who gets no mail. */
export const rejectRoutes = doorRoutes<RejectServices>([
  route('rejects/add', add),
  route('rejects/list', list),
  route('rejects/delete', remove),
])
