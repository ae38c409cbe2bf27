/**
 * Why a request was not answered. `invalid`: the request is malformed; `refused`: the asker may not have it; `unavailable`: the
 * database is away, ask again later. The text travels to the asking process, so it never holds a secret.
 */
export type RefusalCode = 'invalid' | 'refused' | 'unavailable'

export class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'Refusal'
    this.code = code
  }
}
