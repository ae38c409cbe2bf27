import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { missing } from '../../platform/http/listing.ts'
import type { OperationContext, PersonPrincipal, Principal } from '../../platform/http/operation.ts'
import type { Addition, CodeVerdict, Factors, RegistrationResponse } from '../../security/factors/index.ts'
import { signIn } from '../sessions/index.ts'
import type { SessionIssuer } from '../sessions/index.ts'
import type { AddedFactor, BegunTotp, FactorList, PasskeyCreationOptions, RecoveryCodes } from './factor.ts'

/** Adding a factor is as grave as removing one: whoever has a session that was left open must not stay. */
const STEP_UP_SECONDS = 300

type Added = Extract<Addition, { state: 'added' }>
type Caller = Pick<OperationContext<unknown>, 'principal' | 'client' | 'setCookie'>

export interface OwnFactors {
  list(caller: Caller): Promise<z.output<typeof FactorList>>
  passkeyOptions(caller: Caller): Promise<z.output<typeof PasskeyCreationOptions>>
  addPasskey(
    caller: Caller,
    wanted: { readonly name: string; readonly response: RegistrationResponse },
  ): Promise<z.output<typeof AddedFactor>>
  beginTotp(caller: Caller): Promise<z.output<typeof BegunTotp>>
  confirmTotp(caller: Caller, code: string): Promise<z.output<typeof AddedFactor>>
  makeRecoveryCodes(caller: Caller): Promise<z.output<typeof RecoveryCodes>>
  remove(caller: Caller, id: string): Promise<void>
}

/** What people do with their own factors: see the slice's door for what holds. */
export function createOwnFactors(deps: {
  readonly factors: Factors
  readonly sessionIssuer: SessionIssuer
}): OwnFactors {
  const { factors } = deps

  /** With the first factor comes a new session: one never changes its level (session fixation). */
  async function answer(
    caller: Caller,
    personId: string,
    factor: 'passkey' | 'totp',
    added: Added,
  ): Promise<z.output<typeof AddedFactor>> {
    const id = encodeId('factor', added.id)
    if (!added.endedSessions) return { id, session: null }
    const { client } = caller
    const session = await deps.sessionIssuer.issue({ personId, level: 'full', factor, client, tell: false })
    return { id, session: signIn(caller, session, client.transport === 'cookie' ? 'cookie' : 'token') }
  }

  return {
    async list({ principal }) {
      const { personId } = personOf(principal)
      const [state, names] = await Promise.all([factors.state(personId), factors.passkeyNames(personId)])
      return {
        passkeys: state.passkeys.map((passkey) => ({ ...view(passkey), name: names.get(passkey.id) ?? '' })),
        authenticatorApp: state.totp === null ? null : view(state.totp),
        recoveryCodesLeft: state.recoveryCodesLeft,
      }
    },

    async passkeyOptions({ principal }) {
      const person = personOf(principal)
      requireFresh(person)
      if (onlyAsFirst(person)) refuseSecond(await factors.state(person.personId))
      const userName = await factors.accountName(person.personId)
      return factors.registrationOptions({ personId: person.personId, sessionId: person.id, userName })
    },

    async addPasskey(caller, { name, response }) {
      const person = personOf(caller.principal)
      requireFresh(person)
      const added = await factors.register({
        personId: person.personId,
        sessionId: person.id,
        name,
        onlyAsFirst: onlyAsFirst(person),
        response,
      })
      return answer(caller, person.personId, 'passkey', hasBeenAdded(added))
    },

    async beginTotp({ principal }) {
      const person = personOf(principal)
      requireFresh(person)
      const account = await factors.accountName(person.personId)
      const begun = await factors.beginTotp({
        personId: person.personId,
        account,
        onlyAsFirst: onlyAsFirst(person),
      })
      if (begun.state !== 'begun') throw refusalOf(begun.state)
      return { secret: begun.secret.reveal(), uri: begun.uri.reveal() }
    },

    async confirmTotp(caller, code) {
      const person = personOf(caller.principal)
      requireFresh(person)
      const confirmed = await factors.confirmTotp({
        personId: person.personId,
        code,
        onlyAsFirst: onlyAsFirst(person),
      })
      return answer(caller, person.personId, 'totp', hasBeenAdded(confirmed))
    },

    async makeRecoveryCodes({ principal }) {
      const codes = await factors.makeRecoveryCodes(personOf(principal).personId)
      if (codes === null) {
        throw new Fault('conflict', {
          detail: 'Recovery codes stand in for a factor. Add a passkey or an authenticator app first.',
        })
      }
      return { recoveryCodes: [...codes.reveal()] }
    },

    async remove({ principal }, id) {
      const person = personOf(principal)
      const removal = await factors.remove({ personId: person.personId, id, sessionId: person.id })
      if (removal === 'missing') throw missing('factor', id)
      if (removal === 'required') {
        throw new Fault('conflict', {
          detail:
            'A workspace of yours demands a second factor of this kind, and this is your last. Add another first.',
        })
      }
    },
  }
}

function view(item: { readonly id: string; readonly createdAt: Date; readonly lastUsedAt: Date | null }) {
  return {
    id: encodeId('factor', item.id),
    createdAt: item.createdAt.toISOString(),
    lastUsedAt: item.lastUsedAt?.toISOString() ?? null,
  }
}

/** A session that has shown no factor adds the first, and no other: a password alone must not get past the factors there are. */
function onlyAsFirst(person: PersonPrincipal): boolean {
  return person.level === 'enrolment'
}

function refuseSecond(state: Awaited<ReturnType<Factors['state']>>): void {
  if (state.passkeys.length > 0 || state.totp !== null) throw refusalOf('not_first')
}

/** Operations of scope account:enrol are open to sessions that have nothing to show yet; all others must have shown it lately. */
function requireFresh(person: PersonPrincipal): void {
  if (person.level === 'enrolment') return
  if (person.strongAgeMs !== null && person.strongAgeMs <= STEP_UP_SECONDS * 1_000) return
  throw new Fault('step_up_required', {
    detail: `Show your second factor again: for this it may be at most ${STEP_UP_SECONDS / 60} minutes old. POST /v1/session/step-up.`,
    maxAgeSeconds: STEP_UP_SECONDS,
  })
}

function hasBeenAdded(result: Addition | Exclude<CodeVerdict, { state: 'accepted' }>): Added {
  switch (result.state) {
    case 'added':
      return result
    case 'refused':
      throw invalidField(
        'response',
        `The passkey was not taken: ${result.because}.`,
        'Ask for new options and try again.',
      )
    case 'later':
      throw new Fault('too_many_requests', {
        detail: 'Too many codes were wrong. Wait, and look at the clock of your device.',
        retryAfterSeconds: result.retryAfterSeconds,
      })
    case 'not_first':
    case 'known':
    case 'too_many':
    case 'gone':
    case 'wrong':
    case 'locked':
      throw refusalOf(result.state)
  }
}

function refusalOf(state: 'not_first' | 'known' | 'too_many' | 'gone' | 'wrong' | 'locked'): Fault {
  switch (state) {
    case 'not_first':
      return new Fault('second_factor_required', {
        detail: 'You have a second factor already. Log in with it to add another.',
      })
    case 'known':
      return new Fault('conflict', { detail: 'This passkey is registered already.' })
    case 'too_many':
      return new Fault('conflict', { detail: 'You have 20 passkeys, which is the most. Remove one first.' })
    case 'gone':
      return new Fault('conflict', {
        detail:
          'There is no authenticator app that waits for its first code, or it waited for more than an hour. Begin anew.',
      })
    case 'wrong':
      return invalidField(
        'code',
        'It is not the code of now.',
        'Look at the clock of your device, wait for the next code and try again.',
      )
    case 'locked':
      return new Fault('too_many_requests', {
        detail: 'Too many codes were wrong in a row. Begin anew with a passkey.',
      })
  }
}

/** The scopes of these operations are people's alone. */
function personOf(principal: Principal): PersonPrincipal {
  if (principal.kind === 'person') return principal
  throw new Error(`${principal.kind} has no factors`)
}
