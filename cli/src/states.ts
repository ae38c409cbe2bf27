import type { Paint } from './text.ts'

/** The colour of a state, the same for messages, domains, webhooks and checks. */
export function paintState(state: string, text: string, paint: Paint): string {
  switch (state) {
    case 'delivered':
    case 'verified':
    case 'ok':
    case 'enabled':
    case 'ready':
      return paint.green(text)
    case 'bounced':
    case 'expired':
    case 'failing':
    case 'failed':
    case 'problem':
    case 'wrong':
    case 'missing':
    case 'disabled':
      return paint.red(text)
    case 'pending':
    case 'deferred':
    case 'uncertain':
    case 'held':
    case 'warning':
    case 'unknown':
      return paint.yellow(text)
    case 'scheduled':
      return paint.cyan(text)
    default:
      return paint.dim(text)
  }
}

/** `delivered 2, bounced 1`. */
export function countsOf(states: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(states)
    .filter(([, count]) => (count ?? 0) > 0)
    .map(([state, count]) => `${state} ${count}`)
    .join(', ')
}
