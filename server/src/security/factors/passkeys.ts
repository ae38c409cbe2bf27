import { Fault } from '../../kernel/faults.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { createChallenges, CHALLENGE_MS } from './challenges.ts'
import type { ChallengeUse } from './challenges.ts'
import { bindFactor, fits } from './factor-binding.ts'
import type { FactorsStore, PasskeyRow } from './factors-store.ts'
import { sealName } from './names.ts'
import { ALGORITHMS, challengeOf, checkAssertion, checkRegistration } from '../../platform/webauthn/index.ts'
import type { AssertionResponse, RegistrationResponse, RelyingParty } from '../../platform/webauthn/index.ts'

/** What a factor that was to be added became: `id` where it is there now. */
export type Addition =
  | { readonly state: 'added'; readonly id: string; readonly endedSessions: boolean }
  | { readonly state: 'not_first' | 'known' | 'too_many' | 'gone' }
  | { readonly state: 'refused'; readonly because: string }

interface Refused {
  readonly state: 'refused'
  readonly because: 'challenge' | 'unknown' | 'forged' | 'cloned' | 'response'
}

/** Whose passkey answered, or why it counts for nothing; callers tell the reason to logs only. */
export type Assertion =
  | { readonly state: 'accepted'; readonly personId: string; readonly passkeyId: string }
  | Refused

const REQUESTED = { timeout: CHALLENGE_MS, userVerification: 'required' } as const

/** Passkeys: see the slice's door for what holds. */
export function createPasskeys(deps: {
  readonly store: FactorsStore
  readonly keyring: Pick<KeyringClient, 'pepper' | 'contentKey'>
  readonly party: RelyingParty & { readonly hasName: boolean }
  readonly newId: () => string
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'warn' | 'error'>
}) {
  const { store, keyring, party } = deps
  const challenges = createChallenges(deps)

  async function take(
    response: { readonly response: { readonly clientDataJSON: string } },
    use: ChallengeUse,
  ): Promise<string | null> {
    const challenge = challengeOf(response)
    return challenge !== null && (await challenges.take(challenge, use)) ? challenge : null
  }

  /** One whose row is as it was written here. */
  async function find(credentialId: Buffer): Promise<PasskeyRow | 'unknown' | 'forged'> {
    const row = await store.passkey(credentialId)
    if (row === undefined) return 'unknown'
    if (await fits(keyring, 'passkey', boundFields(row), row.binding)) return row
    deps.log.error(
      { alarm: 'second_factor.forged', passkey: row.id, person: row.person_id },
      'A passkey does not fit its row and was refused: somebody wrote to the database past Bulkhead',
    )
    await store.reportForged(row.id)
    return 'forged'
  }

  async function judge(response: AssertionResponse, use: ChallengeUse): Promise<Assertion> {
    const challenge = await take(response, use)
    if (challenge === null) return refused('challenge')
    const row = await find(Buffer.from(response.id, 'base64url'))
    if (typeof row === 'string') return refused(row)
    if (use.personId !== null && row.person_id !== use.personId) return refused('unknown')
    const { userHandle } = response.response
    // Where the passkey says who it is for, it must say so; else it may.
    if ((userHandle ?? null) !== null || use.personId === null) {
      if (userHandle !== userHandleOf(row.person_id)) return refused('unknown')
    }
    const checked = checkAssertion(response, { ...party, challenge, publicKey: row.public_key })
    if (!checked.ok) {
      deps.log.warn({ passkey: row.id, because: checked.because }, 'A passkey’s answer was refused')
      return refused('response')
    }
    if (!(await store.usePasskey(row.id, checked.signCount))) return refused('cloned')
    return { state: 'accepted', personId: row.person_id, passkeyId: row.id }
  }

  return {
    /** Options for `navigator.credentials.create` (JSON form). `userName` is what the device shows. Throws `conflict` without a host name. */
    async registrationOptions(wanted: {
      readonly personId: string
      readonly sessionId: string
      readonly userName: string
    }) {
      const { personId, userName } = wanted
      if (!party.hasName) {
        throw new Fault('conflict', {
          detail:
            'Browsers make passkeys for names, and this installation is reached by an address (BULKHEAD_PUBLIC_URL). Use an authenticator app.',
        })
      }
      const [present, challenge] = await Promise.all([
        store.passkeys(personId),
        challenges.make({ purpose: 'register', personId, boundTo: wanted.sessionId }),
      ])
      return {
        challenge,
        rp: { id: party.rpId, name: 'Bulkhead' },
        user: { id: userHandleOf(personId), name: userName, displayName: userName },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg })),
        timeout: CHALLENGE_MS,
        attestation: 'none' as const,
        excludeCredentials: present.map(described),
        authenticatorSelection: {
          residentKey: 'required' as const,
          requireResidentKey: true,
          userVerification: 'required' as const,
        },
      }
    },

    /** Adds the passkey that a browser made. `onlyAsFirst` where the session has shown no factor. */
    async register(wanted: {
      readonly personId: string
      readonly sessionId: string
      readonly name: string
      readonly onlyAsFirst: boolean
      readonly response: RegistrationResponse
    }): Promise<Addition> {
      const { personId, response, onlyAsFirst } = wanted
      const challenge = await take(response, { purpose: 'register', personId, boundTo: wanted.sessionId })
      if (challenge === null)
        return {
          state: 'refused',
          because: 'its challenge is not one of this session, or was used, or is older than five minutes',
        }
      const checked = checkRegistration(response, { ...party, challenge })
      if (!checked.ok) return { state: 'refused', because: checked.because }
      const id = deps.newId()
      const row = {
        id,
        person_id: personId,
        credential_id: checked.credentialId,
        public_key: checked.publicKey,
      }
      const [binding, sealedName] = await Promise.all([
        bindFactor(keyring, 'passkey', boundFields(row)),
        sealName(keyring, id, wanted.name),
      ])
      const state = await store.addPasskey({
        personId,
        id,
        credentialId: checked.credentialId,
        publicKey: checked.publicKey,
        binding,
        sealedName,
        signCount: checked.signCount,
        transports: response.response.transports ?? [],
        onlyAsFirst,
      })
      if (state === 'added' || state === 'added_first')
        return { state: 'added', id, endedSessions: state === 'added_first' }
      if (state === 'replaced') throw new Error('a passkey replaces nothing')
      return { state }
    },

    /**
     * Options for `navigator.credentials.get` (JSON form). `boundTo` is the session, or the attempt to log in. With a person, their passkeys are
     * listed: ask only where the password was right. Without, the browser offers what it has (log-in without a user name).
     */
    async assertionOptions(use: ChallengeUse & { readonly purpose: 'log_in' | 'step_up' }) {
      const [present, challenge] = await Promise.all([
        use.personId === null ? [] : store.passkeys(use.personId),
        challenges.make(use),
      ])
      return { challenge, rpId: party.rpId, allowCredentials: present.map(described), ...REQUESTED }
    },

    /** Judges an assertion, burns its challenge and takes over its counter. A counter that does not go up is told to the person. */
    verifyAssertion: (
      use: ChallengeUse & { readonly purpose: 'log_in' | 'step_up' },
      response: AssertionResponse,
    ): Promise<Assertion> => judge(response, use),
  }
}

function refused(because: Refused['because']): Assertion {
  return { state: 'refused', because }
}

function described(row: PasskeyRow) {
  return {
    type: 'public-key' as const,
    id: row.credential_id.toString('base64url'),
    transports: row.transports,
  }
}

/** The 16 bytes of the person's id: nothing personal, as WebAuthn asks of it (§14.6.1). */
function userHandleOf(personId: string): string {
  return Buffer.from(personId.replaceAll('-', ''), 'hex').toString('base64url')
}

function boundFields(
  row: Pick<PasskeyRow, 'id' | 'person_id' | 'credential_id' | 'public_key'>,
): readonly string[] {
  return [row.id, row.person_id, row.credential_id.toString('hex'), row.public_key.toString('hex')]
}
