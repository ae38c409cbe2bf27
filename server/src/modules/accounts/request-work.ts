import { clientKeyOf } from '../../security/limits/index.ts'
import type { Detection } from '../../security/detection/index.ts'
import type { LetterKind } from '../system-mail/index.ts'
import type { AccountLetters } from './account-letters.ts'
import type { SignUpMode } from './accounts-deps.ts'
import { ASKED_KINDS, TOLD_KINDS } from './accounts-store.ts'
import type { AccountsStore, AskedKind, KnownPerson, RequestRow, ToldKind } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { readClient } from './client-facts.ts'
import type { ClientFacts } from './client-facts.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'

/** Lives of links, in hours. */
const LINK_HOURS = { signUp: 24, reset: 1, email: 24, undoEmail: 49, recovery: 1 } as const

/** A letter that was asked for and could not be sent for so long is not wanted any more; what a person must know stays news for a week. */
const GIVE_UP_MS = { asked: 24 * 3_600_000, told: 7 * 24 * 3_600_000 } as const

const TOLD: Readonly<Record<ToldKind, { readonly kind: LetterKind; readonly more?: string }>> = {
  password_changed: {
    kind: 'password_changed',
    more: 'The session in which it was changed goes on; all others were ended.',
  },
  password_reset: { kind: 'password_changed' },
  recovered: { kind: 'recovery_done' },
  email_changed: {
    kind: 'account_alert',
    more: 'Another address signs in to this account from now on; this one gets nothing more.',
  },
  email_change_refused: {
    kind: 'account_alert',
    more: 'The change of its address was given up: the new one has an account of its own by now.',
  },
  suspended: { kind: 'account_suspended' },
  signed_out: { kind: 'sessions_ended', more: 'The operator of this installation ended them.' },
}

const SIGNALS = { sign_up: 'sign_up', reset: 'reset', recovery: 'recovery', email_change: 'sign_up' } as const

interface Asked {
  readonly request: RequestRow
  readonly email: string
  readonly client: ClientFacts
  /** Whoever has that address; null for nobody, and for who is nobody (honey) or suspended. */
  readonly person: KnownPerson | null
  /** Whether anybody has it at all. */
  readonly isTaken: boolean
}

/**
 * What becomes of a request after its answer. It is done at least once: tokens of a try that broke off stay unused, and the letter of the
 * same request is sent once, so that the token in it works.
 */
export function createRequestWork(deps: {
  readonly store: Pick<AccountsStore, 'byIndex' | 'byId' | 'beginEmailChange' | 'finish' | 'hasInvitation'>
  readonly vault: AddressVault
  readonly tokens: Pick<OneTimeTokens, 'issue'>
  readonly letters: AccountLetters
  readonly detection: Pick<Detection, 'observe'>
  readonly signUp: SignUpMode
}): (request: RequestRow) => Promise<void> {
  const { store, vault, tokens, letters } = deps

  async function emailOf(person: KnownPerson): Promise<string> {
    const place = { table: 'person', column: 'sealed_email', rowId: person.id } as const
    const [email = ''] = await vault.open([{ place, sealed: person.sealed_email }], 'account.request')
    return email
  }

  const work = {
    async sign_up({ request, email, client, isTaken, person }: Asked): Promise<void> {
      if (isTaken) {
        // At most one a day, however often somebody tries. Where it goes stands with the person, not in the request.
        if (person !== null)
          await letters.send({
            kind: 'address_known',
            to: await emailOf(person),
            dedupe: `address_known ${person.id}`,
            at: request.created_at,
            client,
          })
        return
      }
      if (deps.signUp === 'invited' && !(await store.hasInvitation(request.email_index))) return
      const { token, expiresAt } = await tokens.issue({
        kind: 'sign_up',
        personId: null,
        emailIndex: request.email_index,
        sealEmail: (rowId) => vault.seal({ table: 'token', column: 'sealed_email', rowId }, email),
        hours: LINK_HOURS.signUp,
      })
      await letters.send({
        kind: 'verify_address',
        to: email,
        dedupe: `sign_up ${request.id}`,
        at: request.created_at,
        client,
        link: { verb: 'sign-up', token, until: expiresAt },
      })
    },

    async reset({ request, client, person }: Asked): Promise<void> {
      if (person === null) return
      const { token, expiresAt } = await tokens.issue({
        kind: 'reset',
        personId: person.id,
        // Of no use once another address signs in.
        emailIndex: request.email_index,
        hours: LINK_HOURS.reset,
      })
      await letters.send({
        kind: 'reset',
        to: await emailOf(person),
        dedupe: `reset ${request.id}`,
        at: request.created_at,
        client,
        link: { verb: 'reset', token, until: expiresAt },
      })
    },

    async recovery({ request, client, person }: Asked): Promise<void> {
      if (person === null) return
      const { token, expiresAt } = await tokens.issue({
        kind: 'recovery',
        personId: person.id,
        hours: LINK_HOURS.recovery,
      })
      await letters.send({
        kind: 'recovery_asked',
        to: await emailOf(person),
        dedupe: `recovery ${request.id}`,
        at: request.created_at,
        client,
        link: { verb: 'recovery', token, until: expiresAt },
      })
    },

    /** The one who asks sees the same whether the address is free: a change begins, his old address is told. */
    async email_change({ request, email, client, isTaken, person }: Asked): Promise<void> {
      const personId = request.person_id
      const asker = personId === null ? null : await store.byId(personId)
      if (personId === null || asker === null || asker.disabled) return
      const place = {
        table: 'email_change',
        column: 'sealed_email',
        rowId: `${request.id}/${personId}`,
      } as const
      await store.beginEmailChange(request.id, personId, request.email_index, await vault.seal(place, email))
      const undo = await tokens.issue({
        kind: 'undo_email',
        personId,
        subject: request.id,
        hours: LINK_HOURS.undoEmail,
      })
      await letters.send({
        kind: 'email_change_notice',
        to: await emailOf(asker),
        dedupe: `email_change_notice ${request.id}`,
        at: request.created_at,
        client,
        link: { verb: 'undo-email', token: undo.token, until: undo.expiresAt },
      })
      if (isTaken) {
        if (person !== null && person.id !== personId)
          await letters.send({
            kind: 'address_known',
            to: await emailOf(person),
            dedupe: `address_known ${person.id}`,
            at: request.created_at,
          })
        return
      }
      const confirm = await tokens.issue({
        kind: 'email',
        personId,
        subject: request.id,
        emailIndex: request.email_index,
        hours: LINK_HOURS.email,
      })
      await letters.send({
        kind: 'email_change_confirm',
        to: email,
        dedupe: `email_change_confirm ${request.id}`,
        at: request.created_at,
        link: { verb: 'email', token: confirm.token, until: confirm.expiresAt },
      })
    },
  }

  async function tell(
    request: RequestRow,
    kind: ToldKind,
    to: string,
    client: ClientFacts | null,
  ): Promise<void> {
    await letters.send({ ...TOLD[kind], to, dedupe: `${kind} ${request.id}`, at: request.created_at, client })
  }

  async function answer(
    request: RequestRow,
    kind: AskedKind,
    email: string,
    client: ClientFacts,
  ): Promise<void> {
    const found = await store.byIndex(request.email_index)
    const person = found === null || found.honey || found.disabled ? null : found
    await work[kind]({ request, email, client, person, isTaken: found !== null })
    // Tries of the same request are one signal.
    if (request.attempts > 1) return
    await deps.detection.observe({
      kind: SIGNALS[kind],
      outcome: found === null ? 'unknown' : 'known',
      clientKey: clientKeyOf(client.address),
      userAgent: client.userAgent,
      emailIndex: request.email_index,
      personId: found?.id ?? null,
    })
  }

  return async (request) => {
    const asked = ASKED_KINDS.find((kind) => kind === request.kind)
    const told = TOLD_KINDS.find((kind) => kind === request.kind)
    const giveUpMs = asked === undefined ? GIVE_UP_MS.told : GIVE_UP_MS.asked
    if (Date.now() - Number(request.created_at) > giveUpMs) return store.finish(request.id)
    const rowId = request.id
    const email =
      told === undefined
        ? ({ table: 'request', column: 'sealed_email', rowId } as const)
        : // As it stood with the person, who may have another one by now.
          ({ table: 'person', column: 'sealed_email', rowId: request.person_id ?? '' } as const)
    const facts = { table: 'request', column: 'sealed_client', rowId } as const
    const [to = '', clientText] = await vault.open(
      [
        { place: email, sealed: request.sealed_email },
        ...(request.sealed_client === null ? [] : [{ place: facts, sealed: request.sealed_client }]),
      ],
      'account.request',
    )
    const client = readClient(clientText)
    if (told !== undefined) await tell(request, told, to, clientText === undefined ? null : client)
    if (asked !== undefined) await answer(request, asked, to, client)
    await store.finish(request.id)
  }
}
