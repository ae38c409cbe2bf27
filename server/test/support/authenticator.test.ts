import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { describe, expect, it } from 'vitest'
import { createAuthenticator } from './authenticator.ts'

const origin = 'https://mail.example.com'
const rpID = 'mail.example.com'

describe('the software authenticator', () => {
  // Ed25519 only: how @simplewebauthn/server reads ES256 signatures depends on which @peculiar/asn1-schema npm put where.
  it.each(['none', 'packed'] as const)(
    'makes passkeys and assertions that a server of another project accepts: attestation %s',
    async (attestation) => {
      const device = createAuthenticator({ origin, algorithm: 'EdDSA' })
      const creation = await generateRegistrationOptions({ rpName: 'x', rpID, userName: 'ann' })
      const registered = await verifyRegistrationResponse({
        response: device.create(creation, { attestation }),
        expectedChallenge: creation.challenge,
        expectedOrigin: origin,
        expectedRPID: rpID,
      })
      if (!registered.verified) throw new Error('not verified')
      const request = await generateAuthenticationOptions({ rpID })
      const verify = (bend: object) =>
        verifyAuthenticationResponse({
          response: device.get(request, bend),
          expectedChallenge: request.challenge,
          expectedOrigin: origin,
          expectedRPID: rpID,
          credential: registered.registrationInfo.credential,
        })
      expect((await verify({})).verified).toBe(true)
      await expect(verify({ origin: 'https://mail.example.test' })).rejects.toThrow('origin')
      await expect(verify({ rpId: 'example.com' })).rejects.toThrow('RP ID')
      await expect(verify({ userVerified: false })).rejects.toThrow('verif')
    },
  )
})
