/** What a request to send says, once it was checked: in this vendor's terms. */
export interface Mailbox {
  readonly email: string
  readonly name?: string
}

export interface Personalization {
  readonly to: readonly Mailbox[]
  readonly cc: readonly Mailbox[]
  readonly bcc: readonly Mailbox[]
  readonly from?: Mailbox
  readonly subject?: string
  readonly headers: Strings
  readonly substitutions: Strings
  readonly dynamicTemplateData?: Readonly<Record<string, unknown>>
  readonly customArgs: Strings
  /** Seconds since 1970. */
  readonly sendAt?: number
}

export interface MailContent {
  readonly type: string
  readonly value: string
}

export interface MailAttachment {
  readonly content: string
  readonly filename: string
  readonly type?: string
  readonly contentId?: string
  readonly isInline: boolean
}

/** `dynamic` are written in the vendor's Handlebars, `legacy` ones are filled by substitutions. */
export interface TemplateChoice {
  readonly kind: 'dynamic' | 'legacy'
  /** As it was given. */
  readonly id: string
  /** The same for us: an id of ours, or the alias that an imported template has. */
  readonly reference: string
}

/** Which suppressions do not stop a message. */
export type Bypass = 'all' | 'spam' | 'bounce' | 'unsubscribe'

export interface MailSettings {
  readonly isSandbox: boolean
  readonly bypass: readonly Bypass[]
  readonly footer?: { readonly text: string; readonly html: string }
  /** Gets a blind copy of every message. */
  readonly bcc?: string
}

export interface TrackingSettings {
  readonly clicks?: boolean
  readonly opens?: boolean
  /** Where in the HTML the picture stands that tells of opens. */
  readonly openTag?: string
  readonly subscription?: SubscriptionTracking
  readonly analytics?: Analytics
}

export interface SubscriptionTracking {
  readonly text?: string
  readonly html?: string
  readonly tag?: string
}

/** Names and values that are added to the query of links. */
export type Analytics = readonly (readonly [name: string, value: string])[]

export interface MailRequest {
  readonly from: Mailbox
  readonly replyTo: readonly Mailbox[]
  readonly personalizations: readonly Personalization[]
  readonly subject?: string
  readonly content: readonly MailContent[]
  readonly attachments: readonly MailAttachment[]
  readonly template?: TemplateChoice
  readonly sections: Strings
  readonly headers: Strings
  readonly categories: readonly string[]
  readonly customArgs: Strings
  readonly sendAt?: number
  readonly batchId?: string
  readonly asm?: { readonly groupId: number; readonly groupsToDisplay: readonly number[] }
  readonly ipPoolName?: string
  readonly settings: MailSettings
  readonly tracking: TrackingSettings
}

export type Strings = Readonly<Record<string, string>>
