/**
 * Why a request was not answered. `invalid`: the request is malformed; `refused`: the asker may not have it; `unavailable`: the
 * database is away, ask again later; `contained`: somebody stopped this on purpose; `budget`: the kind of process opened more than it
 * ordinarily does; `shredded`: the keys of the workspace are destroyed. The text travels to the asking process, so it never holds a secret.
 */
export type RefusalCode = 'invalid' | 'refused' | 'unavailable' | 'contained' | 'budget' | 'shredded'

export class Refusal extends Error {
  readonly code: RefusalCode
  /** What the asker may show beside the text, for example the containment. */
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: RefusalCode,
    message: string,
    cause?: unknown,
    details?: Readonly<Record<string, unknown>>,
  ) {
    super(message, { cause })
    this.name = 'Refusal'
    this.code = code
    this.details = details
  }
}
