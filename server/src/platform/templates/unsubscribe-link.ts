/**
 * Stands in what is rendered for the link by which the recipient unsubscribes. It belongs to a message, and is put in when that is composed.
 * The name ends in .invalid (RFC 2606): where it should ever stay, it leads nowhere.
 */
export const UNSUBSCRIBE_PLACEHOLDER = 'https://unsubscribe.bulkhead.invalid/'

/** The placeholder. Vendors lead on to a page of the sender afterwards; ours says itself what was done, and leads nowhere. */
export function unsubscribeLink(_redirect = ''): string {
  return UNSUBSCRIBE_PLACEHOLDER
}
