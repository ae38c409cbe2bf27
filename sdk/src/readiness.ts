import type { CallOptions, Transport } from './transport.ts'
import { BulkheadError } from './errors.ts'

/** What `GET /readyz` says of one process. */
export interface ProcessReadiness {
  readonly process: string
  readonly ready: boolean
  readonly host?: string
  readonly pid?: number
  readonly heartbeatAgeMs?: number
  readonly uptimeSeconds?: number
  readonly problem?: string
}

/** Whether the installation does its work, and what does not. */
export interface Readiness {
  readonly status: string
  readonly problems: readonly string[]
  readonly database: string
  readonly processes: readonly ProcessReadiness[]
  /** What somebody should look at although everything works: what the keyring refused in the last hour. */
  readonly warnings?: readonly string[]
  /** What is cut off: how many containments are in force, and what of the whole installation. */
  readonly containments?: { readonly inForce: number; readonly installation: readonly string[] }
}

/** Asks `/readyz`. An installation that is not ready answers 503, which is an answer here and not an error. */
export async function readReadiness(transport: Transport, options: CallOptions = {}): Promise<Readiness> {
  return transport.json<Readiness>({ method: 'GET', path: '/readyz', accepts: [503] }, options)
}

/** Whether this error says that nothing answers at all. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof BulkheadError && (error.code === 'unreachable' || error.code === 'timeout')
}
