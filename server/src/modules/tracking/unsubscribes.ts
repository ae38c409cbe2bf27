import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { LinkReference } from '../../security/references/index.ts'
import { askUnsubscribe } from './unsubscribe-store.ts'
import type { UnsubscribeWay, Wanted } from './unsubscribe-store.ts'
import type { Links } from './workspace-links.ts'

export type UnsubscribeReference = Extract<LinkReference, { kind: 'unsubscribe' }>

/** What came of asking; nothing in it tells whether the message or the recipient is known. */
export type Asked =
  | { readonly kind: 'taken' }
  /** The message has several recipients, and the request does not say which. */
  | { readonly kind: 'address-needed' }

export interface Unsubscribes {
  /**
   * Takes in what a recipient asks for; it is durable when this resolves, and done within some seconds. `email` counts only where the
   * message has several recipients; `everything` means not only the topic of the message. Throws what the database and the keyring throw: then nothing was taken in, and that is to be said.
   */
  ask(
    reference: UnsubscribeReference,
    wanted: Wanted,
    via: UnsubscribeWay,
    about?: { readonly email?: string | undefined; readonly everything?: boolean },
  ): Promise<Asked>
  /** Blind index of a typed address in the workspace; null for what is none. */
  indexOf(workspaceId: string, email: string): Promise<Buffer | null>
}

const NO_INDEX = Buffer.alloc(0)

/** How recipients say that they want no more bulk mail. */
export function createUnsubscribes(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'blindAddresses'>
}): Unsubscribes {
  async function indexOf(workspaceId: string, email: string): Promise<Buffer | null> {
    const parsed = parseAddress(email.trim())
    if (!parsed.ok) return null
    const [blind] = await deps.keyring.blindAddresses(workspaceId, [normaliseForIndex(parsed.address.email)])
    return blind?.index ?? null
  }

  return {
    indexOf,
    async ask(reference, wanted, via, { email, everything = false } = {}) {
      const { workspaceId, messageId, recipient } = reference
      const index = recipient === null ? await indexOf(workspaceId, email ?? '') : NO_INDEX
      if (index === null) return { kind: 'address-needed' }
      await askUnsubscribe(deps.pool, {
        workspaceId,
        messageId,
        number: recipient ?? 0,
        index,
        wanted,
        via,
        everything,
      })
      return { kind: 'taken' }
    },
  }
}

/**
 * For the inbound listener: mail to `unsubscribe+…@<return-path domain>` unsubscribes the recipient that the address names, whoever wrote
 * it: the address is known to whoever got the message. True where the local part is one of ours. Throws what the database throws.
 */
export function createUnsubscribeByMail(deps: {
  readonly pool: Queryable
  readonly links: Pick<Links, 'references'>
}): (localPart: string) => Promise<boolean> {
  return async (localPart) => {
    const reference = (await deps.links.references()).readAddress(localPart)
    if (reference === null) return false
    await askUnsubscribe(deps.pool, {
      workspaceId: null,
      messageId: reference.messageId,
      number: reference.recipient,
      index: NO_INDEX,
      wanted: 'unsubscribed',
      via: 'mail',
      everything: false,
    })
    return true
  }
}
