/** What the vendor has of permissions: a key may send, or everything. */
export const SENDING = 'sending_access'
export const FULL = 'full_access'
