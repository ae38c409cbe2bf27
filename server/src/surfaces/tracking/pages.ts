import { createHash } from 'node:crypto'

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--act:#0b57d0;--on-act:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--paper:#14181d;--line:#3a424b;--act:#8ab4f8;--on-act:#10151b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:4rem 1.5rem}
h1{font-size:1.625rem;line-height:1.25;margin:0 0 1rem}
p{margin:0 0 1.25rem}
.soft{color:var(--soft);font-size:.9375rem}
label{display:block;font-weight:600;margin:0 0 .375rem}
input[type=email]{font:inherit;width:100%;padding:.625rem .75rem;margin:0 0 1rem;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.5rem}
button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.25rem;border:0;border-radius:.5rem;background:var(--act);color:var(--on-act);cursor:pointer}
button.quiet{background:transparent;color:var(--act);border:1px solid var(--line)}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
@media (forced-colors:active){button{border:1px solid ButtonText}}`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Nothing from anywhere, no script, no frame around it; its one form goes back to where it came from. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`
}

/** The field that asks who it is, where the link does not say so. */
const ADDRESS_FIELD = `<label for="address">Your e-mail address</label>
<input id="address" name="address" type="email" autocomplete="email" required maxlength="320">`

function form(fields: string, button: string, quiet = false): string {
  return `<form method="post">
${fields}
<button type="submit"${quiet ? ' class="quiet"' : ''}>${button}</button>
</form>`
}

const ONE_CLICK_FIELD =
  '<input type="hidden" name="List-Unsubscribe" value="One-Click"><input type="hidden" name="from" value="page">'

/** What a page is about. */
export interface UnsubscribePage {
  /** The message had several recipients, and the link does not say which of them it is. */
  readonly asksAddress: boolean
  /** The message belongs to a topic: one may leave that and keep the rest. */
  readonly hasTopic: boolean
}

const EVERYTHING_FIELD = '<input type="hidden" name="scope" value="everything">'
const STILL = 'Messages that you cause yourself, such as receipts and sign-in codes, still reach you.'

/** Before anything was done. */
export function unsubscribePage({ asksAddress, hasTopic }: UnsubscribePage): string {
  const fields = asksAddress ? `${ADDRESS_FIELD}\n${ONE_CLICK_FIELD}` : ONE_CLICK_FIELD
  if (!hasTopic)
    return page(
      'Unsubscribe',
      `<h1>Unsubscribe</h1>
<p>Do you want no more mailings from this sender? ${STILL}</p>
${form(fields, 'Unsubscribe')}`,
    )
  return page(
    'Unsubscribe',
    `<h1>Unsubscribe</h1>
<p>Do you want no more mail on the topic of this message? Mail on other topics still reaches you.</p>
${form(fields, 'Unsubscribe')}
<p class="soft">Or no more mailings from this sender at all? ${STILL}</p>
${form(`${fields.replace('for="address"', 'for="whose"').replace('id="address"', 'id="whose"')}\n${EVERYTHING_FIELD}`, 'Unsubscribe from everything', true)}`,
  )
}

/** After it. The same whether the message and the address are known or not. `everything`: not only the topic. */
export function unsubscribedPage({ asksAddress, hasTopic }: UnsubscribePage, everything: boolean): string {
  const what = hasTopic && !everything ? 'Mail on this topic stops' : 'This sender’s mailings stop'
  return page(
    'You are unsubscribed',
    `<h1>You are unsubscribed</h1>
<p role="status">${what} within a minute. Mail that is on its way already may still come.</p>${asksAddress ? '' : UNDO}`,
  )
}

/** Only where the link itself says whose it is. */
const UNDO = `
<p class="soft">Was this a mistake? You can take it back.</p>
${form('<input type="hidden" name="action" value="resubscribe">', 'Subscribe again', true)}`

export function resubscribedPage(): string {
  return page(
    'You are subscribed again',
    `<h1>You are subscribed again</h1>
<p role="status">Your unsubscribing was taken back.</p>
${form(ONE_CLICK_FIELD, 'Unsubscribe', true)}`,
  )
}

/**
 * In place of a redirect while the sender is cut off for abuse or for safety: whoever took over a workspace has sent these links. Mail
 * that was honest goes on to work, one step further away.
 */
export function carefulPage(target: string): string {
  const { host } = new URL(target)
  return page(
    'Careful with this link',
    `<h1>Careful with this link</h1>
<p role="alert">Mail of this sender has been stopped for safety. The message may not be from whom it says.</p>
<p>The link leads to <strong>${escaped(host)}</strong>. Enter no password there unless you expected this message.</p>
<p><a rel="noreferrer nofollow" href="${escaped(target)}">Go on to ${escaped(host)}</a></p>`,
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** For every address that this installation did not write. */
export const NOT_FOUND_PAGE = page(
  'This link leads nowhere',
  `<h1>This link leads nowhere</h1>
<p>It was changed on its way, or copied incompletely. Open it again from the message.</p>`,
)

export const TRY_AGAIN_PAGE = page(
  'Please try again',
  `<h1>Please try again</h1>
<p role="alert">This could not be recorded just now. Nothing was changed. Please try again in a minute.</p>`,
)

export const NOT_ASKED_PAGE = page(
  'Nothing was changed',
  `<h1>Nothing was changed</h1>
<p role="alert">The request did not say what to do, or whose address it is about. Go back and use the button.</p>`,
)
