import { parseAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import type { Client } from '../../platform/http/operation.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import type { AddressVault } from './address-vault.ts'
import type { AccountsStore, AskedKind } from './accounts-store.ts'
import { writeClient } from './client-facts.ts'

/** The one answer to whoever asks with an address. */
export const CHECK_YOUR_MAIL = { status: 'check_your_mail' } as const

export interface Asking {
  /**
   * Writes down what was asked for; everything else happens after the answer. Throws `invalid_request` for what is no address,
   * `too_many_requests` for a client beyond its limit, `unavailable`. Nothing here knows whether anybody has the address.
   */
  ask(kind: AskedKind, email: string, client: Client, personId?: string): Promise<typeof CHECK_YOUR_MAIL>
}

/** 30 at once from one client, one a minute after that: an office that signs up together fits, a list of addresses does not. */
const PER_CLIENT = { capacity: 30, refillPerSecond: 1 / 60 }
/**
 * Letters to one address: three at once, then as many as it takes that a link that works is always in the mailbox, whoever used them up: one
 * an hour where the link lives for an hour, one in six hours where it lives for a day. What is beyond it is answered alike and dropped.
 */
const PER_ADDRESS: Readonly<
  Record<AskedKind, { readonly capacity: number; readonly refillPerSecond: number }>
> = {
  sign_up: { capacity: 3, refillPerSecond: 1 / 21_600 },
  email_change: { capacity: 3, refillPerSecond: 1 / 21_600 },
  reset: { capacity: 3, refillPerSecond: 1 / 3_600 },
  recovery: { capacity: 3, refillPerSecond: 1 / 3_600 },
}
/** `ann+1@…`, `ann+2@…` are one mailbox. Only for kinds that write to whom nobody knows; `ann@…` itself is not kept out by them. */
const PER_MAILBOX = { capacity: 6, refillPerSecond: 1 / 21_600 }
/** Each change is a letter to the old address too. */
const PER_ASKER = { capacity: 5, refillPerSecond: 1 / 3_600 }

/** The door through which everything comes that names an address. */
export function createAsking(deps: {
  readonly store: Pick<AccountsStore, 'ask'>
  readonly vault: AddressVault
  readonly limiter: Pick<Limiter, 'take'>
  readonly newId: () => string
}): Asking {
  return {
    async ask(kind, written, client, personId) {
      const parsed = parseAddress(written)
      if (!parsed.ok) throw invalidField('email', parsed.problem, 'Write one address, like ann@example.com.')
      const { email } = parsed.address
      const index = await deps.vault.indexOf(email)
      const byClient = await deps.limiter.take({
        bucket: 'account.client',
        key: personId ?? clientKeyOf(client.address),
        ...PER_CLIENT,
      })
      if (!byClient.allowed) {
        throw new Fault('too_many_requests', {
          detail: 'Too many requests come from your network; wait a little.',
          retryAfterSeconds: byClient.retryAfterSeconds,
        })
      }
      if (personId !== undefined) {
        const byAsker = await deps.limiter.take({ bucket: 'account.asker', key: personId, ...PER_ASKER })
        if (!byAsker.allowed)
          throw new Fault('too_many_requests', {
            detail: 'You have begun too many changes of your address; wait before the next one.',
            retryAfterSeconds: byAsker.retryAfterSeconds,
          })
      }
      const tagged = kind === 'sign_up' || kind === 'email_change' ? untagged(email) : null
      const byAddress = await deps.limiter.take({
        bucket: `account.${kind}`,
        key: index.toString('hex'),
        ...PER_ADDRESS[kind],
      })
      const byMailbox =
        tagged === null
          ? byAddress
          : await deps.limiter.take({
              bucket: 'account.mailbox',
              key: (await deps.vault.indexOf(tagged)).toString('hex'),
              ...PER_MAILBOX,
            })
      // Silently: a refusal that depends on the address would say who else has asked.
      if (!byAddress.allowed || !byMailbox.allowed) return CHECK_YOUR_MAIL
      const id = deps.newId()
      const [sealedEmail, sealedClient] = await Promise.all([
        deps.vault.seal({ table: 'request', column: 'sealed_email', rowId: id }, email),
        deps.vault.seal({ table: 'request', column: 'sealed_client', rowId: id }, writeClient(client)),
      ])
      try {
        await deps.store.ask({
          id,
          kind,
          personId: personId ?? null,
          index,
          email: sealedEmail,
          client: sealedClient,
        })
      } catch (error) {
        if (errorCode(error) !== TOO_MANY_WAIT) throw error
        throw new Fault('unavailable', {
          detail: 'Too many requests wait to be worked off; try again in a few minutes.',
          retryAfterSeconds: 120,
          cause: error,
        })
      }
      return CHECK_YOUR_MAIL
    },
  }
}

/** The mailbox of an address with a tag (RFC 5233); null for one without. */
function untagged(email: string): string | null {
  const at = email.lastIndexOf('@')
  const plus = email.indexOf('+')
  return plus > 0 && plus < at ? `${email.slice(0, plus)}${email.slice(at)}` : null
}

/** SQLSTATE of engine.ask_account. */
const TOO_MANY_WAIT = '53400'
