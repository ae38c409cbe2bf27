import type { FastifyReply } from 'fastify'

/**
 * A policy of its own: no script, no network, no form, no navigation of the console. A srcdoc or blob frame would inherit the
 * console's policy and lose the mail's inline styles; this answer has the mail's styles and nothing else.
 */
export const FRAME_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'cache-control': 'no-store',
  'content-type': 'text/html; charset=utf-8',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'SAMEORIGIN',
}

/** `text` comes from our own sentences; it is escaped all the same. */
export function sendNote(reply: FastifyReply, status: number, text: string): FastifyReply {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return reply
    .status(status)
    .headers({ ...FRAME_HEADERS })
    .send(
      `<!doctype html><meta charset="utf-8"><title>Not shown</title><p style="font:14px system-ui">${safe}</p>`,
    )
}
