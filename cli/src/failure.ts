import { BulkheadError } from '@bulkhead/sdk'
import { clean, type Paint } from './text.ts'

/** Exit codes of every command; help shows them. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3, interrupted: 130 } as const

/** What was typed cannot be done; the text says what to type instead. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}

/** What comes next, by the code of the error. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  unreachable:
    'Is it running? Start it with: bulkhead start. Is it elsewhere? Name it with --url, or see: bulkhead help connection.',
  timeout: 'Look at: bulkhead status.',
  unauthenticated:
    'The key or the session is wrong, expired or revoked. Log in with: bulkhead login. Where keys come from: bulkhead help connection.',
  step_up_required: 'Run the command on a terminal, or first: bulkhead sessions step-up.',
  workspace_required: 'Name it with --workspace or BULKHEAD_CLI_WORKSPACE; bulkhead whoami lists yours.',
  missing_scope:
    'Use a key that has the scope (bulkhead keys list shows what each may do), or sign in as somebody who may: bulkhead login.',
  sender_refused:
    'Send from a domain that is verified; see: bulkhead domains list, and add one with: bulkhead domains add NAME.',
  not_found: 'What there is: bulkhead NOUN list.',
  not_cancellable: 'See what became of it: bulkhead messages show ID.',
  idempotency_conflict: 'Use another --idempotency-key for another message.',
  contained:
    'It goes on when the containment ends or is lifted; its owner finds it with bulkhead containments list.',
  too_many_requests: 'Wait a moment and try again.',
  unavailable: 'Look at: bulkhead status.',
  internal: "The server's log has the cause under the request id.",
  invalid_response: 'Is this address really the API? See: bulkhead status.',
}

export interface Explained {
  readonly exitCode: number
  readonly text: string
  readonly json: unknown
}

function nextStep(error: BulkheadError, noun: string | undefined): string | undefined {
  // The API has one surface, staff have another: a path that is unknown there is asked at the wrong one.
  if (error.code === 'not_found' && /^There is no [A-Z]+ \//.test(error.detail))
    return 'Is the address right? The API and the staff API have one each: bulkhead help connection.'
  if (error.code === 'contained' && error.appeal !== undefined)
    return `${NEXT_STEPS['contained']} To object: ${clean(error.appeal)}`
  if (error.code === 'not_found' && noun === undefined) return undefined
  return NEXT_STEPS[error.code]?.replace('NOUN', noun ?? '')
}

/** An error in words: what happened, which fields, and what to do next. `noun` is the first word of the command, where `bulkhead NOUN list` exists. */
export function explain(error: unknown, paint: Paint, noun: string | undefined): Explained {
  if (error instanceof UsageError) {
    return {
      exitCode: EXIT.usage,
      text: `${paint.red('Error')}: ${clean(error.message)}\n`,
      json: { error: { code: 'usage', detail: error.message } },
    }
  }
  if (error instanceof BulkheadError) {
    const shownInDetail = error.errors.length === 1 && error.errors[0]?.fix === undefined
    const fields = shownInDetail
      ? []
      : error.errors.map(
          ({ field, problem, fix }) =>
            `  ${paint.bold(clean(field === '' ? 'body' : field))} ${clean(problem)}${fix === undefined ? '' : `. ${clean(fix)}`}`,
        )
    const next = nextStep(error, noun)
    // The detail repeats the first field for those who show nothing else.
    const [first] = error.errors
    const repeats =
      fields.length > 0 && first !== undefined && error.detail.startsWith(`${first.field}: ${first.problem}`)
    const facts = [
      error.code,
      ...(error.status === 0 ? [] : [`HTTP ${error.status}`]),
      ...(error.requestId === undefined ? [] : [`request ${error.requestId}`]),
    ]
    return {
      exitCode: error.status === 0 ? EXIT.unreachable : EXIT.refused,
      text: [
        `${paint.red('Error')}: ${clean(error.title)}.${repeats ? '' : ` ${clean(error.detail)}`}`,
        ...fields,
        ...(next === undefined ? [] : [`  ${next}`]),
        paint.dim(`  (${clean(facts.join(', '))})`),
        '',
      ].join('\n'),
      json: {
        error: {
          code: error.code,
          status: error.status,
          title: error.title,
          detail: error.detail,
          errors: error.errors,
          requestId: error.requestId ?? null,
        },
      },
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    exitCode: EXIT.refused,
    text: `${paint.red('Error')}: ${clean(message)}\n`,
    json: { error: { code: 'failed', detail: message } },
  }
}
