/** What an import brings over, in the words of Bulkhead. */
export const KINDS = [
  'templates',
  'suppressions',
  'exemptions',
  'topics',
  'domains',
  'webhooks',
  'subaccounts',
] as const
export type Kind = (typeof KINDS)[number]

export interface SourceTemplate {
  readonly name: string
  /** What programs name it by at the vendor: it becomes the alias, so that they can go on naming it so. */
  readonly reference: string
  readonly dialect:
    | 'sendgrid-handlebars'
    | 'sendgrid-legacy'
    | 'mandrill-handlebars'
    | 'merge-tags'
    | 'resend'
  readonly subject: string
  readonly html: string | null
  readonly text: string | null
  readonly sampleData?: Record<string, unknown>
  /** Whom its mail is from where a message does not say. */
  readonly from?: { readonly email: string; readonly name?: string }
  readonly labels?: readonly string[]
  /** False: nothing of it is sent at the vendor; it stays a draft. */
  readonly isPublished: boolean
}

export interface SourceSuppression {
  readonly email: string
  readonly reason: 'hard_bounce' | 'complaint' | 'unsubscribe' | 'manual'
  readonly note?: string
}

/** An address that bounces do not suppress. */
export interface SourceExemption {
  readonly email: string
  readonly note?: string
}

export interface SourceTopic {
  readonly name: string
  readonly description: string
  readonly isDefault: boolean
  readonly left: AsyncIterable<string>
}

export interface SourceWebhook {
  readonly url: string
  /** By the vendor's own names. */
  readonly events: readonly string[]
  readonly format: 'sendgrid' | 'mandrill' | 'resend'
  readonly signing?: boolean
}

export interface SourceSubaccount {
  readonly name: string
  readonly note: string
  readonly isPaused: boolean
}

/** Something that is there at the vendor and is not brought over. */
export interface LeftBehind {
  readonly kind: string
  readonly name: string
  readonly why: string
}

/** An account at a vendor. Each list is read as it is asked for; `left` gathers what none of them holds. */
export interface Source {
  readonly vendor: string
  readonly kinds: readonly Kind[]
  templates(): AsyncIterable<SourceTemplate>
  suppressions(): AsyncIterable<SourceSuppression>
  exemptions(): AsyncIterable<SourceExemption>
  topics(): AsyncIterable<SourceTopic>
  domains(): AsyncIterable<string>
  webhooks(): AsyncIterable<SourceWebhook>
  subaccounts(): AsyncIterable<SourceSubaccount>
  readonly left: LeftBehind[]
}

/** For what a vendor does not have. */
export async function* nothing(): AsyncGenerator<never> {}
