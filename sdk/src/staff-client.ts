import { createOperations, type Operations } from './generated/staff-operations.ts'
import { createTransport, type ClientOptions } from './transport.ts'

/** Every operation of the staff API, grouped by noun. */
export type StaffClient = Operations

/** A client of the staff process, with a staff key (`bhs_…`) or the operator's. Failures are thrown as `BulkheadError`. */
export function createStaffClient(options: ClientOptions): StaffClient {
  return createOperations(createTransport(options))
}
