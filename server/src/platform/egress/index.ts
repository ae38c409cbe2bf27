/**
 * HTTP requests to addresses that others chose (webhook endpoints). The one way out: names are resolved here, every address is
 * checked, and the connection goes to the checked address, so that a name that changes its mind between check and connect gains
 * nothing. Redirects are answers like any other; they are not followed.
 */
export { EgressError, createEgress } from './egress.ts'
export type { Egress } from './egress.ts'
