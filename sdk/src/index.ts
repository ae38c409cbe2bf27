/**
 * The typed client of the Bulkhead API. No dependencies; runs wherever fetch does.
 *
 * ```ts
 * const client = createClient({ baseUrl: 'http://127.0.0.1:8600', apiKey })
 * const { id } = await client.messages.send({ from: 'hello@example.test', to: 'ann@example.com', subject: 'Hello', text: 'Hi.' })
 * for await (const event of client.events.stream()) console.log(event.type, event.data.messageId)
 * ```
 */
export { createClient, type Client } from './client.ts'
export { BulkheadError, wantsStepUp, type FieldError } from './errors.ts'
export type { LiveEvent, StreamOptions } from './event-stream.ts'
export type { Page } from './pages.ts'
export { isUnreachable, type ProcessReadiness, type Readiness } from './readiness.ts'
export {
  newIdempotencyKey,
  type CallOptions,
  type ClientOptions,
  type MimeSource,
  type SendOptions,
} from './transport.ts'
export { createStaffClient, type StaffClient } from './staff-client.ts'
export { CHOICES as STAFF_CHOICES } from './generated/staff-operations.ts'
export type * as Staff from './generated/staff-operations.ts'
export { CHOICES } from './generated/operations.ts'
export type * from './generated/operations.ts'
