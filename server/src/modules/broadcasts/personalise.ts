import type { ContactFacts } from '../contacts/index.ts'

/** What a broadcast is filled with for one contact. Attributes do not stand before what is ours. */
export function fillData(contact: ContactFacts, unsubscribePage: string): Record<string, unknown> {
  const { email, firstName, lastName, attributes } = contact
  // What is not known is left out, so that what the text says in its place is used.
  const names = {
    ...(firstName === null ? {} : { first_name: firstName }),
    ...(lastName === null ? {} : { last_name: lastName }),
  }
  return {
    ...attributes,
    ...names,
    ...(firstName === null ? {} : { FIRST_NAME: firstName }),
    ...(lastName === null ? {} : { LAST_NAME: lastName }),
    email,
    EMAIL: email,
    contact: { ...attributes, ...names, email },
    unsubscribe_url: unsubscribePage,
    // The name that Resend's broadcasts use.
    RESEND_UNSUBSCRIBE_URL: unsubscribePage,
  }
}

/** For a look at a draft before it is sent. */
export const SOMEBODY: ContactFacts = {
  email: 'somebody@example.com',
  firstName: 'Ann',
  lastName: 'Lee',
  attributes: {},
}

const HIDDEN =
  'display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:transparent'

/** The preview text at the beginning of the HTML, where inboxes look for it, and not to be seen in the mail. */
export function withPreview(html: string, previewText: string | null): string {
  if (previewText === null) return html
  // Marks of the dialect stay; what would be a tag does not.
  const shown = previewText.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const hidden = `<div style="${HIDDEN}" aria-hidden="true">${shown}</div>`
  const body = /<body\b[^>]*>/i.exec(html)
  if (body === null) return `${hidden}${html}`
  const end = body.index + body[0].length
  return `${html.slice(0, end)}${hidden}${html.slice(end)}`
}
