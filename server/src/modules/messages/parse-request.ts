import { faultOfIssues } from '../../platform/http/problem.ts'
import { SendRequest } from './send-request.ts'

/** Reads a request that was not parsed at an edge of HTTP. Throws the fault that HTTP would answer. */
export function parseSendRequest(value: unknown): SendRequest {
  const parsed = SendRequest.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  throw faultOfIssues(parsed.error.issues)
}
