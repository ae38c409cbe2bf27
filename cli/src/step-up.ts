import { wantsStepUp } from '@bulkhead/sdk'
import type { Ask } from './prompt.ts'

const ATTEMPTS_MAX = 3

/**
 * A fetch that asks for the second factor where the API wants it shown again, and then repeats the request once. The body is text or bytes,
 * never a stream, so that it can be sent twice.
 */
export function fetchWithStepUp(ask: Ask, note: (text: string) => void): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await globalThis.fetch(input, init)
    if (!(await wantsStepUp(response))) return response
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.pathname.endsWith('/v1/session/step-up')) return response
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const code = await ask('This needs your second factor again. Code of the app, or a recovery code: ', {
        hidden: true,
      })
      const shown = await globalThis.fetch(stepUpUrl(url), {
        method: 'POST',
        headers: { ...plain(init?.headers), 'content-type': 'application/json' },
        body: JSON.stringify(factorOf(code)),
        redirect: 'error',
        signal: init?.signal ?? null,
      })
      if (shown.status === 204) return globalThis.fetch(input, init)
      note('That was not right.')
      if (shown.status !== 403) break
    }
    return response
  }
}

/** Six digits are a code of an app; everything else is a recovery code. */
export function factorOf(typed: string): { totp: string } | { recoveryCode: string } {
  const digits = typed.replaceAll(/\s/g, '')
  return /^\d{6}$/.test(digits) ? { totp: digits } : { recoveryCode: typed.trim() }
}

function stepUpUrl(url: URL): URL {
  const at = url.pathname.indexOf('/v1/')
  return new URL(`${url.pathname.slice(0, at)}/v1/session/step-up`, url)
}

function plain(headers: RequestInit['headers']): Record<string, string> {
  return Object.fromEntries(
    [...new Headers(headers)].filter(([name]) => !['content-length', 'idempotency-key'].includes(name)),
  )
}
