/** What holds a credential in beside its scopes. An empty list holds nothing in. */
export interface KeyBounds {
  /** Networks from which it works, in their one spelling: `192.0.2.0/24`, `2001:db8::/48`. */
  readonly allowedCidrs: readonly string[]
  /**
   * Whom it may send as: `@example.com` for every address of a domain, `#` and the blind index in hex for one address. Addresses are
   * personal, so that a row holds no readable one.
   */
  readonly allowedSenders: readonly string[]
  /** Null: never ends by itself. */
  readonly expiresAt: Date | null
}
