import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { Client } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import type { Detection, SignalOutcome } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Admission, Limiter, LogInLimits } from '../../security/limits/index.ts'
import type { AssertionResponse } from '../../security/factors/index.ts'
import type { PasswordAnswer, PasswordCheck, Passwords } from '../../security/passwords/index.ts'
import type { Challenges } from './challenges.ts'
import type { PeopleSealing } from './client-facts.ts'
import { deviceMarkOf, hashDeviceMark } from './device-mark.ts'
import { isFactorRight, knownFactors } from './factor-checks.ts'
import type { FactorChecks, FactorName, PasskeyOptions, ShownFactor } from './factor-checks.ts'
import type { LogInLetters } from './letters.ts'
import { ABANDONED_AFTER_SECONDS } from './log-in-states.ts'
import type { AttemptRow, LogInFacts, LogInStore } from './log-in-store.ts'
import type { NewSession, SessionIssuer } from './session-issuer.ts'

/** What comes next, or the session. */
export type LogInStep =
  | {
      readonly next: 'second_factor' | 'email_code'
      readonly challenge: string
      readonly factors: readonly FactorName[]
      readonly expiresAt: Date
    }
  | { readonly next: 'enrol' | 'done'; readonly session: NewSession }

export interface LogIn {
  /** Throws the same `unauthenticated` for everything that is wrong with either, `too_many_requests` and `unavailable`. */
  withPassword(
    shown: { readonly email: string; readonly password: string },
    client: Client,
  ): Promise<LogInStep>
  /** The code that was mailed. Throws `unauthenticated`. */
  withEmailCode(challenge: string, code: string, client: Client): Promise<LogInStep>
  /** Throws `unauthenticated`, and `second_factor_required` where the code of the mail is still missing. */
  withFactor(challenge: string, shown: ShownFactor, client: Client): Promise<NewSession>
  /** Options for a passkey of the person of a challenge, or of anybody. */
  passkeyOptions(challenge: string | null, client: Client): Promise<PasskeyOptions>
  /** Without address and password. Throws `unauthenticated`. */
  withPasskey(response: AssertionResponse, client: Client): Promise<NewSession>
  /** Resolves when what goes on after answers is done. */
  drain(): Promise<void>
}

const CHALLENGE_MS = 10 * 60_000

/** One text for everything: the address, the password, an account that is suspended, must be reset or is nobody's. */
function refused(): Fault {
  return new Fault('unauthenticated', {
    detail:
      'This address and this password do not sign in. If you have an account, set a new password: POST /v1/password-reset.',
  })
}

function over(): Fault {
  return new Fault('unauthenticated', {
    detail: 'This log-in is over or was begun elsewhere. Begin again with address and password.',
  })
}

function wrongFactor(): Fault {
  return new Fault('unauthenticated', {
    detail: 'That is not right, or too often was not. Begin again if it stays so.',
  })
}

/** Log-in: see the slice's door for what holds. */
export function createLogIn(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly store: LogInStore
  readonly sealing: PeopleSealing
  readonly challenges: Challenges
  readonly issuer: SessionIssuer
  readonly letters: LogInLetters
  readonly limiter: Limiter
  readonly limits: LogInLimits
  readonly detection: Pick<Detection, 'observe'>
  readonly passwords: Pick<PasswordCheck, 'check'>
  readonly hashing: Pick<Passwords, 'hash' | 'needsRehash'>
  readonly factors: FactorChecks
  /** Has a link mailed that sets a new password. */
  readonly askReset: (email: string, client: Client) => Promise<void>
  readonly now: () => number
}): LogIn {
  const { store, challenges } = deps
  const after = new Set<Promise<unknown>>()

  /** What the answer neither waits for nor tells of: it would take another time for those who exist. */
  function later(work: Promise<unknown>): void {
    const settled = work.catch(() => undefined)
    after.add(settled)
    void settled.finally(() => after.delete(settled))
  }

  async function admit(attempt: Parameters<LogInLimits['admit']>[0]): Promise<void> {
    const admission: Admission = await deps.limits.admit(attempt)
    if (admission.admitted) return
    throw new Fault('too_many_requests', {
      detail: 'Too many log-ins were tried with this address or from here. Wait, or set a new password.',
      retryAfterSeconds: admission.retryAfterSeconds,
    })
  }

  async function checked(
    facts: LogInFacts,
    password: string,
    attempt: Parameters<LogInLimits['admit']>[0],
  ): Promise<PasswordAnswer> {
    const { person_id, password_hash: hash, password_salt: salt, password_params: params } = facts
    const stored = hash === null || salt === null || params === null ? null : { hash, salt, params }
    try {
      return await deps.passwords.check(person_id, password, stored, attempt.clientKey)
    } catch (error) {
      await deps.limits.notChecked(attempt)
      throw error
    }
  }

  /** After raised costs: who shows the right password has it stored under those of today. A full queue leaves it to the next time. */
  async function renew(facts: LogInFacts, password: string, clientKey: string): Promise<void> {
    const { person_id: personId, password_hash: old, password_params: params } = facts
    if (personId === null || old === null || params === null || !deps.hashing.needsRehash({ params })) return
    await store.rehash(personId, old, await deps.hashing.hash(personId, password, clientKey))
  }

  /** The right password that everybody knows: it opens nothing any more, and the owner hears of it once a day. */
  async function demandReset(personId: string, client: Client): Promise<void> {
    await store.demandReset(personId, 'password.breached')
    const taken = await deps.limiter.take({
      bucket: 'log_in.breached',
      key: personId,
      capacity: 1,
      refillPerSecond: 1 / 86_400,
    })
    if (!taken.allowed) return
    const facts = await store.signIn(personId)
    if (facts === undefined) return
    const email = await deps.sealing.openEmail(personId, facts.sealed_email, 'password.breached')
    await deps.letters.breached(email, client, personId)
    await deps.askReset(email, client)
  }

  /** From here on the password was right, and the answer says so. */
  async function proceed(
    personId: string,
    client: Client,
    known: { readonly device: boolean; readonly flagged: boolean },
  ): Promise<LogInStep> {
    const [factors, facts] = await Promise.all([deps.factors.state(personId), store.signIn(personId)])
    if (facts === undefined) throw refused()
    const names = knownFactors(factors)
    const isSuspicious = known.flagged && !known.device
    if (names.length === 0 && (known.device || (facts.is_factor_optional && !isSuspicious)))
      return withoutFactor(personId, facts.is_factor_optional, client)
    // Adding the first second factor takes the account over, so from elsewhere it takes the mailbox too.
    const needsCode = isSuspicious || names.length === 0
    const challenge = await challenges.open({
      personId,
      client,
      clientKey: clientKeyOf(client.address),
      deviceKnown: known.device,
      needsCode,
      abandonSeconds:
        needsCode || known.device
          ? ABANDONED_AFTER_SECONDS.knownDevice
          : ABANDONED_AFTER_SECONDS.unknownDevice,
    })
    if (challenge.code !== null) {
      const email = await deps.sealing.openEmail(personId, facts.sealed_email, 'log_in.code')
      await deps.letters.code(email, challenge.code, client, challenge.id)
    }
    return {
      next: needsCode ? 'email_code' : 'second_factor',
      challenge: challenge.token.reveal(),
      factors: names,
      expiresAt: new Date(deps.now() + CHALLENGE_MS),
    }
  }

  async function withoutFactor(personId: string, isOptional: boolean, client: Client): Promise<LogInStep> {
    const level = isOptional ? 'full' : 'enrolment'
    const session = await deps.issuer.issue({ personId, level, factor: 'none', client })
    return { next: isOptional ? 'done' : 'enrol', session }
  }

  async function attemptOf(challenge: string, client: Client): Promise<AttemptRow> {
    const clientKey = clientKeyOf(client.address)
    await pace(clientKey)
    const row = await challenges.read(challenge, clientKey)
    if (row === undefined) throw over()
    return row
  }

  /** No limit on guesses, which are counted elsewhere: it bounds the work that strangers can ask for. */
  async function pace(clientKey: string): Promise<void> {
    const taken = await deps.limiter.take({
      bucket: 'log_in.steps',
      key: clientKey,
      capacity: 120,
      refillPerSecond: 2,
    })
    if (taken.allowed) return
    throw new Fault('too_many_requests', {
      detail: 'Too many log-ins from here at this moment.',
      retryAfterSeconds: taken.retryAfterSeconds,
    })
  }

  return {
    async withPassword(shown, client) {
      const parsed = parseAddress(shown.email)
      if (!parsed.ok) throw invalidField('email', parsed.problem)
      const clientKey = clientKeyOf(client.address)
      const [blind] = await deps.keyring.blindAddresses(INSTALLATION_WORKSPACE, [
        normaliseForIndex(parsed.address.email),
      ])
      if (blind === undefined) throw new Error('the keyring answered no index')
      const facts = await store.facts(blind.index)
      const mark = deviceMarkOf(client.device)
      const markHash = await hashDeviceMark(deps.pepper, facts.person_id, mark)
      const isKnown = await store.isDeviceKnown(facts.person_id, markHash)
      const attempt = {
        identifier: blind.index,
        clientKey,
        knownDevice: isKnown ? markHash.toString('hex') : null,
      }
      await admit(attempt)
      const answer = await checked(facts, shown.password, attempt)
      const maySignIn = facts.refused === false && facts.must_reset === false
      const outcome: SignalOutcome =
        facts.person_id === null ? 'unknown' : answer === 'wrong' ? 'wrong_password' : 'right_password'
      later(
        deps.detection.observe({
          kind: 'log_in',
          outcome,
          clientKey,
          userAgent: client.userAgent,
          emailIndex: blind.index,
          personId: null,
          knownDevice: isKnown,
        }),
      )
      const personId = facts.person_id
      if (answer === 'breached' && facts.refused === false && personId !== null) {
        later(demandReset(personId, client))
      }
      if (answer !== 'right' || !maySignIn || personId === null) throw refused()
      later(renew(facts, shown.password, clientKey))
      return proceed(personId, client, { device: isKnown, flagged: facts.flagged === true })
    },

    async withEmailCode(challenge, code, client) {
      const row = await attemptOf(challenge, client)
      if (row.state !== 'email_code') throw over()
      if (!(await store.spendTry(row.id)) || !(await challenges.isCode(row, code))) throw wrongFactor()
      if ((await store.move(row.id, 'code')) === null) throw over()
      const [factors, facts] = await Promise.all([
        deps.factors.state(row.person_id),
        store.signIn(row.person_id),
      ])
      const names = knownFactors(factors)
      if (names.length > 0)
        return {
          next: 'second_factor',
          challenge,
          factors: names,
          expiresAt: new Date(deps.now() + CHALLENGE_MS),
        }
      if ((await store.move(row.id, 'factor')) !== 'done') throw over()
      return withoutFactor(row.person_id, facts?.is_factor_optional === true, client)
    },

    async withFactor(challenge, shown, client) {
      const row = await attemptOf(challenge, client)
      const personId = row.person_id
      const isPasskey = shown.kind === 'passkey'
      if (!isPasskey && row.state !== 'second_factor') {
        throw new Fault('second_factor_required', {
          detail: 'A code was mailed to you: show it first, POST /v1/log-in/email-code. Or use a passkey.',
        })
      }
      if (!(await store.spendTry(row.id))) throw wrongFactor()
      if (!(await isFactorRight(deps.factors, personId, shown, { purpose: 'log_in', boundTo: row.id })))
        throw wrongFactor()
      if ((await store.move(row.id, isPasskey ? 'passkey' : 'factor')) !== 'done') throw over()
      const factor = shown.kind === 'recovery_code' ? 'recovery' : shown.kind
      return deps.issuer.issue({ personId, level: 'full', factor, client })
    },

    async passkeyOptions(challenge, client) {
      if (challenge === null) {
        const boundTo = clientKeyOf(client.address)
        await pace(boundTo)
        return deps.factors.assertionOptions({ purpose: 'log_in', personId: null, boundTo })
      }
      const row = await attemptOf(challenge, client)
      return deps.factors.assertionOptions({ purpose: 'log_in', personId: row.person_id, boundTo: row.id })
    },

    async withPasskey(response, client) {
      const boundTo = clientKeyOf(client.address)
      await pace(boundTo)
      const found = await deps.factors.verifyAssertion(
        { purpose: 'log_in', personId: null, boundTo },
        response,
      )
      if (found.state !== 'accepted') throw wrongFactor()
      return deps.issuer.issue({ personId: found.personId, level: 'full', factor: 'passkey', client })
    },

    async drain() {
      while (after.size > 0) await Promise.all(after)
    },
  }
}
