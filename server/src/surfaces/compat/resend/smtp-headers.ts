import { invalidField } from '../../../kernel/faults.ts'
import { IDEMPOTENCY_KEY } from '../../../platform/http/running.ts'
import { checkSubmitted, findHeader, headerValue, withoutHeaders } from '../../../platform/mime/index.ts'
import type { Translate } from '../submission/translation.ts'

const FIELD = 'Resend-Idempotency-Key'

/** The one field of the vendor's submission server: two messages with the same key in 24 hours are one. It does not leave. */
export const translateResendHeaders: Translate = ({ raw }) => {
  const submitted = checkSubmitted(raw)
  if (!submitted.ok) throw invalidField('message', submitted.problem)
  const name = FIELD.toLowerCase()
  const field = findHeader(submitted.block, name)
  if (field === undefined) return null
  const idempotencyKey = headerValue(raw, field)
  if (!IDEMPOTENCY_KEY.test(idempotencyKey))
    throw invalidField(FIELD, 'must have 1 to 256 printable ASCII characters')
  return { kind: 'whole', raw: withoutHeaders(raw, [name]), controls: { idempotencyKey } }
}
