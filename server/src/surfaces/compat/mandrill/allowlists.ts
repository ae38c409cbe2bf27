import { Fault } from '../../../kernel/faults.ts'
import { addExemption, deleteExemption, listExemptions } from '../../../modules/suppressions/index.ts'
import type { SuppressionExemptions } from '../../../modules/suppressions/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { emailIn } from './addresses.ts'
import { parametersOf } from './body.ts'
import { createProblems, textAt, toldTime } from './checks.ts'
import { refuse } from './errors.ts'
import { route } from './routes.ts'

export interface AllowlistServices {
  readonly suppressionExemptions: SuppressionExemptions
}

type Call = DoorCall<AllowlistServices>

const LISTED_MAX = 1_000

async function add(call: Call) {
  const parameters = parametersOf(call, 'email')
  const email = emailIn(parameters)
  const problems = createProblems()
  const note = textAt(problems, parameters['comment'], ['comment'], 1_000)?.trim()
  problems.throwIfAny()
  await call.run(addExemption, { email, ...(note === undefined || note === '' ? {} : { note }) })
  return { email, added: true }
}

/** The vendor finds by the begin of an address: here only whole ones can be found, and the begin is looked for in what is listed. */
async function list(call: Call) {
  const problems = createProblems()
  const begins = textAt(problems, parametersOf(call)['email'], ['email'])?.trim().toLowerCase() ?? ''
  problems.throwIfAny()
  const all = await collect(
    (page) => call.run(listExemptions, page),
    (items) => items.length >= LISTED_MAX,
  )
  return all.flatMap(({ email, note, createdAt }) =>
    email === null || !email.toLowerCase().startsWith(begins)
      ? []
      : [{ email, detail: note ?? '', created_at: toldTime(createdAt) }],
  )
}

async function remove(call: Call) {
  const email = emailIn(parametersOf(call, 'email'))
  await call.run(deleteExemption, { email }).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== 'not_found') throw error
    throw refuse(-2, 'ValidationError', 'Validation error: {"email":"Email address is not in the allowlist"}')
  })
  return { email, deleted: true }
}

/** Who is mailed whatever bounces say, under both names that the vendor has had for it. */
export const allowlistRoutes = doorRoutes<AllowlistServices>(
  ['allowlists', 'whitelists'].flatMap((noun) => [
    route(`${noun}/add`, add),
    route(`${noun}/list`, list),
    route(`${noun}/delete`, remove),
  ]),
)
