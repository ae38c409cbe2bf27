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
        detail:
          'Is it running? The terminal that ran “npm start” shows its state. This page comes back by itself.',
      }
    return { title: error.title, detail: error.detail }
  }
  return {
    title: 'The console stumbled',
    detail: error instanceof Error ? error.message : 'An unknown error. Reloading the page may help.',
  }
}

/** Whether the key was refused, not the request. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof BulkheadError && error.status === 401
}
