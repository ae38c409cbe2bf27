/**
 * WebAuthn (Level 3): checks of what browsers answer when passkeys are made and used. The only place that imports `@levischuck/tiny-cbor`:
 * docs/decisions/0019-second-factors.md says why. Challenges and counters are the caller's.
 */
export {
  ALGORITHMS,
  AssertionResponse,
  challengeOf,
  checkAssertion,
  checkRegistration,
  RegistrationResponse,
  relyingPartyOf,
} from './webauthn.ts'
export type { RelyingParty } from './webauthn.ts'
