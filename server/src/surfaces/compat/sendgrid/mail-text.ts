import { UNSUBSCRIBE_PLACEHOLDER } from '../../../platform/templates/index.ts'
import type { Strings, SubscriptionTracking } from './mail-request.ts'

/** What the tags of the vendor that stand for links are called where they are not raw. */
const LINK_TAGS = {
  asm_group_unsubscribe: 'Unsubscribe From This List',
  asm_global_unsubscribe: 'Unsubscribe',
  asm_preferences: 'Manage Email Preferences',
} as const

/** What stands in the place of the vendor's tags for leaving: the link of ours, at which people leave the topic of the message. */
export function unsubscribeTags(subscription: SubscriptionTracking | undefined): {
  readonly html: Strings
  readonly text: Strings
} {
  const html: Record<string, string> = {}
  const text: Record<string, string> = {}
  for (const [name, words] of Object.entries(LINK_TAGS)) {
    for (const raw of [`<%${name}_raw_url%>`, `<% ${name}_raw_url %>`]) {
      html[raw] = UNSUBSCRIBE_PLACEHOLDER
      text[raw] = UNSUBSCRIBE_PLACEHOLDER
    }
    for (const tag of [`<%${name}_url%>`, `<% ${name}_url %>`]) {
      html[tag] = link(words)
      text[tag] = `${words}: ${UNSUBSCRIBE_PLACEHOLDER}`
    }
  }
  if (subscription?.tag !== undefined) {
    html[subscription.tag] = UNSUBSCRIBE_PLACEHOLDER
    text[subscription.tag] = UNSUBSCRIBE_PLACEHOLDER
  }
  return { html, text }
}

function link(words: string): string {
  return `<a href="${UNSUBSCRIBE_PLACEHOLDER}">${words}</a>`
}

const SUBSCRIPTION_TEXT = "If you'd like to unsubscribe and stop receiving these emails click here: <% %>"
const SUBSCRIPTION_HTML =
  "<p>If you'd like to unsubscribe and stop receiving these emails <% click here %>.</p>"
const ANCHOR = /<%([^%]{0,500})%>/g

/** What subscription tracking appends where the sender marks no place: `<% words %>` is the link. */
export function subscriptionFooter(subscription: SubscriptionTracking): { html: string; text: string } {
  const { html = SUBSCRIPTION_HTML, text = SUBSCRIPTION_TEXT } = subscription
  return {
    html: html.replaceAll(ANCHOR, (_tag, words: string) => link(words.trim() || UNSUBSCRIBE_PLACEHOLDER)),
    text: text.replaceAll(ANCHOR, (_tag, words: string) =>
      words.trim() === '' ? UNSUBSCRIBE_PLACEHOLDER : `${words.trim()} (${UNSUBSCRIBE_PLACEHOLDER})`,
    ),
  }
}
