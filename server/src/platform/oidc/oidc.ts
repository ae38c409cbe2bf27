import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
} from 'openid-client'
import type { Configuration, CustomFetch } from 'openid-client'
import { z } from 'zod'
import type { Egress } from '../egress/index.ts'

/** What the provider did not do as it must; `message` may be shown to the owner of the connection and holds no secret. */
export class OidcError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'OidcError'
  }
}

/** How a provider knows us. */
export interface OidcClient {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What the provider says of who signed in, after every check. */
export interface VouchedClaims {
  readonly subject: string
  readonly email: string | null
  /** Strictly `true` where the address stands: a provider that does not say it has not verified it. */
  readonly emailVerified: boolean
  readonly name: string | null
}

export interface Oidc {
  /** Whether there is a provider as its issuer URL says. Throws `OidcError`. */
  probe(client: OidcClient): Promise<void>
  /** Where the browser is sent. `fresh`: the provider shall ask again, whoever is signed in there. Throws `OidcError`. */
  authorizationUrl(
    client: OidcClient,
    request: {
      readonly redirectUri: string
      readonly state: string
      readonly nonce: string
      readonly challenge: string
      readonly fresh: boolean
    },
  ): Promise<string>
  /**
   * Trades the code for an ID token and checks it: signature by the provider's keys, issuer, audience, times, nonce, and with `fresh` that the
   * provider asked within five minutes. Throws `OidcError`.
   */
  exchange(
    client: OidcClient,
    answer: {
      /** The redirect URI with all that came with it. */
      readonly callback: URL
      readonly state: string
      readonly nonce: string
      readonly verifier: string
      readonly fresh: boolean
    },
  ): Promise<VouchedClaims>
}

const TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 256 * 1024
const FRESH_SECONDS = 300

const Claims = z.object({
  sub: z.string().min(1).max(255),
  email: z.string().max(320).optional(),
  email_verified: z.unknown().optional(),
  // Microsoft Entra: the owner of the address's domain has shown that it is his. It has no email_verified.
  xms_edov: z.unknown().optional(),
  name: z.string().max(200).optional(),
})

/** `allowLoopback`: development; an issuer on this host may be http. */
export function createOidc(deps: { readonly egress: Egress; readonly allowLoopback: boolean }): Oidc {
  const guarded: CustomFetch = async (url, { method, headers, body }) => {
    checkUrl(url, deps.allowLoopback)
    if (method !== 'GET' && method !== 'POST') throw new OidcError(`No request with ${method} is made.`)
    const answer = await deps.egress.call({
      url,
      method,
      headers: { ...headers, 'user-agent': 'bulkhead' },
      body: body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : null,
      timeoutMs: TIMEOUT_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
    })
    const isEmpty = answer.status === 204 || answer.status === 304
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: { ...answer.headers },
    })
  }

  async function configure(client: OidcClient): Promise<Configuration> {
    const issuer = checkUrl(client.issuer, deps.allowLoopback)
    const execute = [
      enableNonRepudiationChecks,
      ...(issuer.protocol === 'http:' ? [allowInsecureRequests] : []),
    ]
    const config = await discovery(issuer, client.clientId, {}, ClientSecretBasic(client.clientSecret), {
      execute,
      timeout: TIMEOUT_MS / 1_000,
      [customFetch]: guarded,
    })
    // openid-client lets issuers that are shared by all tenants of Microsoft pass under another name, and with them every tenant of the world.
    if (URL.parse(config.serverMetadata().issuer)?.href !== issuer.href)
      throw new OidcError('The provider names another issuer. Give the issuer of your own tenant.')
    return config
  }

  return {
    probe: (client) =>
      told(async () => {
        const config = await configure(client)
        const { authorization_endpoint: endpoint } = config.serverMetadata()
        if (endpoint === undefined) throw new OidcError('The provider names no authorization endpoint.')
        checkUrl(endpoint, deps.allowLoopback)
      }),

    authorizationUrl: (client, request) =>
      told(async () => {
        const config = await configure(client)
        const url = buildAuthorizationUrl(config, {
          redirect_uri: request.redirectUri,
          scope: 'openid email profile',
          response_type: 'code',
          state: request.state,
          nonce: request.nonce,
          code_challenge: request.challenge,
          code_challenge_method: 'S256',
          ...(request.fresh ? { prompt: 'login', max_age: '0' } : {}),
        })
        return checkUrl(url.href, deps.allowLoopback).href
      }),

    exchange: (client, answer) =>
      told(async () => {
        const config = await configure(client)
        const tokens = await authorizationCodeGrant(config, answer.callback, {
          expectedState: answer.state,
          expectedNonce: answer.nonce,
          pkceCodeVerifier: answer.verifier,
          idTokenExpected: true,
          ...(answer.fresh ? { maxAge: FRESH_SECONDS } : {}),
        })
        const claims = Claims.parse(tokens.claims())
        const subject = claims.sub
        // With a code some providers, Okta among them, tell the address at the UserInfo endpoint only (OpenID Connect Core 1.0 §5.4). Address and
        // whether it is verified are of one answer, and that answer is of the subject of the token (§5.3.2).
        const profile = saysWhetherVerified(claims)
          ? claims
          : Claims.parse(await fetchUserInfo(config, tokens.access_token, subject))
        return {
          subject,
          email: profile.email ?? null,
          emailVerified: profile.email_verified === true || profile.xms_edov === true,
          name: claims.name ?? profile.name ?? null,
        }
      }),
  }
}

function saysWhetherVerified(claims: z.output<typeof Claims>): boolean {
  return claims.email !== undefined && (claims.email_verified !== undefined || claims.xms_edov !== undefined)
}

/** https, or http on this host in development; no credentials in it. */
function checkUrl(text: string, allowLoopback: boolean): URL {
  const url = URL.parse(text)
  const isLoopback = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (
    url === null ||
    url.username !== '' ||
    url.password !== '' ||
    (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback && allowLoopback))
  )
    throw new OidcError('A provider is reached by https only.')
  return url
}

/** The words of libraries stay in the cause: they may hold what the provider wrote. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OidcError) throw error
    const inner = error instanceof Error && error.cause instanceof OidcError ? error.cause : null
    if (inner !== null) throw inner
    throw new OidcError(`The provider did not answer as it must (${codeOf(error)}).`, error)
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return error.code.replaceAll(/[^\w.-]/g, '').slice(0, 60)
  return error instanceof Error ? error.name : 'unknown'
}
