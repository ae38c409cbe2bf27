import { BulkheadError } from '@bulkhead/sdk'

export interface FailureText {
  readonly title: string
  readonly detail: string
}

/** Any failure in words for a page. */
export function describeFailure(error: unknown): FailureText {
  if (error instanceof BulkheadError) {
    if (error.status === 0)
      return {
        title: 'The server does not answer',
        detail: isHere(location.hostname)
          ? 'Is it running? The terminal that ran “npm start” shows its state. This page comes back by itself.'
          : 'It may be restarting, or the network is interrupted. This page comes back by itself.',
      }
    return { title: error.title, detail: error.detail }
  }
  return {
    title: 'The console stumbled',
    detail: error instanceof Error ? error.message : 'An unknown error. Reloading the page may help.',
  }
}

/** Whether the server runs on the machine of the reader, who then has its terminal. */
function isHere(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

/** Whether the key was refused, not the request. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof BulkheadError && error.status === 401
}
