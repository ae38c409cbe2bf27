import {
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/browser'

/** Whether this browser, on this address, can use passkeys: over HTTPS or on this host only, and under a name, because browsers make none for numbers. */
export function canUsePasskeys(): boolean {
  return browserSupportsWebAuthn() && globalThis.isSecureContext && !isNumber(location.hostname)
}

/** The same page under a name that can have passkeys; undefined where it has one, or this is another host. */
export function pageWithPasskeys(): string | undefined {
  if (!/^(127(\.\d+){3}|\[::1\])$/.test(location.hostname)) return undefined
  const url = new URL(location.href)
  url.hostname = 'localhost'
  return url.href
}

function isNumber(hostname: string): boolean {
  return /^\d+(\.\d+){3}$/.test(hostname) || hostname.startsWith('[')
}

/** Asks the device for a passkey. The options are the server's, whose shape its contract leaves to WebAuthn. */
export function showPasskey(options: object): Promise<AuthenticationResponseJSON> {
  if (!isRequest(options)) throw new TypeError('The server asks for no passkey.')
  return startAuthentication({ optionsJSON: options })
}

/** Asks the device to make a passkey. */
export function makePasskey(options: object): Promise<RegistrationResponseJSON> {
  if (!isCreation(options)) throw new TypeError('The server takes no passkey.')
  return startRegistration({ optionsJSON: options })
}

function isRequest(options: object): options is PublicKeyCredentialRequestOptionsJSON {
  return 'challenge' in options && 'rpId' in options
}

function isCreation(options: object): options is PublicKeyCredentialCreationOptionsJSON {
  return 'challenge' in options && 'user' in options && 'pubKeyCredParams' in options
}
