import type { Queryable } from '../../platform/postgres/index.ts'
import { createLinkReferences } from '../../security/references/index.ts'
import type { LinkReferences, ReferenceKey } from '../../security/references/index.ts'
import { createUnsubscribeByMail } from './unsubscribes.ts'

interface Recipient {
  readonly localPart: string
  readonly domain: string
}

/** Takes mail for the addresses in List-Unsubscribe. Fits the doors of the inbound surface. */
export interface UnsubscribeDoor {
  readonly name: 'unsubscribe'
  judge(recipient: Recipient): Promise<'taken' | 'unknown' | 'forged'>
  receive(mail: {
    readonly from: string
    readonly recipients: readonly Recipient[]
  }): Promise<{ readonly kind: 'kept' }>
}

const LOCAL_PART = /^unsubscribe\+/i

/**
 * The door of mail that unsubscribes. What stands in the mail does not matter: the address was made for one recipient of one message. A
 * report about mail (null sender) is nobody's wish and changes nothing. Throws where the database or the keyring is away: the other side
 * keeps the mail and comes again.
 */
export function createUnsubscribeDoor(deps: {
  readonly pool: Queryable
  readonly key: ReferenceKey
  /** Lower case. */
  readonly domains: readonly string[]
}): UnsubscribeDoor {
  let made: LinkReferences | null = null
  const references = async (): Promise<LinkReferences> => {
    made ??= createLinkReferences(await deps.key())
    return made
  }
  const unsubscribe = createUnsubscribeByMail({ pool: deps.pool, links: { references } })
  return {
    name: 'unsubscribe',
    async judge({ localPart, domain }) {
      if (!deps.domains.includes(domain) || !LOCAL_PART.test(localPart)) return 'unknown'
      return (await references()).readAddress(localPart) === null ? 'forged' : 'taken'
    },
    async receive({ from, recipients }) {
      if (from !== '') for (const { localPart } of recipients) await unsubscribe(localPart)
      return { kind: 'kept' }
    },
  }
}
