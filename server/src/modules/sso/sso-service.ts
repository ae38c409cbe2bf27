import { normaliseForIndex, parseAddress } from '../../kernel/email-address.ts'
import type { ParsedAddress } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { Client, OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { siteOf } from '../../platform/networks/index.ts'
import { OidcError } from '../../platform/oidc/index.ts'
import type { Oidc, VouchedClaims } from '../../platform/oidc/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import {
  hashSecret,
  isOneTimeToken,
  membershipDigest,
  mintOneTimeToken,
  randomBase62,
} from '../../security/access/index.ts'
import type { CredentialPepper, Role } from '../../security/access/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { Limiter } from '../../security/limits/index.ts'
import { invitationBinding } from '../invitations/index.ts'
import { personOf } from '../members/index.ts'
import type { NewSession, SessionIssuer } from '../sessions/index.ts'
import { secretsOf } from './sso.ts'
import type { DepartureView } from './sso.ts'
import { requireOwner } from './sso-connections.ts'
import type { SsoConnections } from './sso-connections.ts'
import { beginSso, enterSso, findSsoPerson, markTested, openInvitation, readSso } from './sso-store.ts'
import type { OpenInvitationRecord, SsoState } from './sso-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act' | 'client'>

export interface Sso {
  readonly connections: SsoConnections
  /** Begins a log-in. The same answer, after the same work, whether anybody has such a domain or workspace or not. */
  start(
    wanted: {
      readonly email?: string | undefined
      readonly workspaceId?: string | undefined
      readonly fresh: boolean
    },
    client: Client,
  ): Promise<DepartureView>
  /** Begins a test of the caller's connection. */
  test(caller: Caller): Promise<DepartureView>
  /** Where a begun log-in goes on: the provider, or null where there is none. */
  go(state: string): Promise<string | null>
  /** Ends a log-in by what the provider sent back. Throws `unauthenticated`, one answer for all that does not open. */
  finish(
    shown: {
      readonly code: string
      readonly state: string
      readonly issuer?: string | undefined
      readonly verifier: string
    },
    client: Client,
  ): Promise<{ readonly session: NewSession; readonly workspaceId: string } | { readonly tested: string }>
}

const PERSON = { workspaceId: INSTALLATION_WORKSPACE, table: 'account.person' } as const
const LIVES_MS = 10 * 60_000
const STATE = /^[0-9A-Za-z]{43}$/

/** Single sign-on: see the slice's door for what holds. */
export function createSso(deps: {
  readonly pool: Queryable
  readonly oidc: Oidc
  readonly connections: SsoConnections
  readonly keyring: Pick<KeyringClient, 'blind' | 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly sessions: SessionIssuer
  readonly limiter: Limiter
  readonly people: { forget(): void }
  readonly log: Pick<Logger, 'error'>
  readonly publicUrl: string
  readonly newId: () => string
  readonly nowMs: () => number
}): Sso {
  const { pool, connections } = deps

  async function begin(
    wanted: Omit<Parameters<typeof beginSso>[1], 'stateHash' | 'challenge' | 'nonce'>,
  ): Promise<DepartureView> {
    const state = randomBase62(43)
    const verifier = mintOneTimeToken().key.reveal()
    const { challenge, nonce } = secretsOf(verifier)
    const begun = await beginSso(pool, { ...wanted, stateHash: hashSecret(state), challenge, nonce })
    if (!begun)
      throw new Fault('unavailable', { detail: 'Too many log-ins are on their way; try again in a minute.' })
    return {
      url: `${deps.publicUrl}/v1/sso/go?state=${state}`,
      verifier,
      expiresAt: new Date(deps.nowMs() + LIVES_MS).toISOString(),
    }
  }

  async function slow(client: Client): Promise<void> {
    const key = clientKeyOf(client.address)
    const site = siteOf(key)
    const taken = await deps.limiter.takeAll([
      { bucket: 'sso.start', key, capacity: 60, refillPerSecond: 0.5 },
      // What is on its way is bounded for all together: one /48 must not take the place of everybody.
      ...(site === null ? [] : [{ bucket: 'sso.site', key: site, capacity: 240, refillPerSecond: 2 }]),
    ])
    if (!taken.allowed)
      throw new Fault('too_many_requests', {
        detail: 'Too many log-ins begin at your network; wait a moment.',
        retryAfterSeconds: Math.max(1, Math.ceil(taken.retryAfterSeconds)),
      })
  }

  async function providerOf(state: SsoState) {
    if (
      state.issuer === null ||
      state.client_id === null ||
      state.sealed_secret === null ||
      state.workspace_id === null ||
      state.connection_id === null
    )
      return null
    const { issuer, client_id: clientId, default_role: defaultRole } = state
    const domains = state.domains ?? []
    const clientSecret = await connections.secretOf(state.workspace_id, {
      id: state.connection_id,
      issuer,
      client_id: clientId,
      domains,
      default_role: defaultRole,
      sealed_secret: state.sealed_secret,
    })
    if (clientSecret === null) return null
    return {
      workspaceId: state.workspace_id,
      connectionId: state.connection_id,
      domains,
      defaultRole,
      client: { issuer, clientId, clientSecret },
    }
  }

  /** The address that the provider may speak for. */
  async function addressOf(
    claims: VouchedClaims,
    workspaceId: string,
    domains: readonly string[],
  ): Promise<ParsedAddress> {
    const parsed = parseAddress(claims.email ?? '')
    if (!parsed.ok || !claims.emailVerified) throw refused('The provider has not verified your address.')
    const { domain } = parsed.address
    if (!domains.includes(domain) || !(await connections.owns(workspaceId, domain)))
      throw refused(`This workspace takes nobody of ${domain} from its provider.`)
    return parsed.address
  }

  /** What is bound to it by the keyring, and nothing that somebody wrote past us. */
  async function invitationOf(workspaceId: string, index: Buffer): Promise<OpenInvitationRecord | undefined> {
    const found = await openInvitation(pool, workspaceId, index)
    if (found === undefined) return undefined
    const binding = await deps.pepper.of(
      invitationBinding({
        id: found.id,
        workspaceId: found.workspace_id,
        accountIndex: found.account_index,
        role: found.role,
        permissionSetId: found.permission_set_id,
        expiresAt: found.expires_at,
        tokenHash: found.token_hash,
      }),
    )
    return binding.equals(found.binding) ? found : undefined
  }

  async function emailOf(personId: string, sealed: Buffer): Promise<string> {
    const keys = await deps.keyring.openContentKeys(
      INSTALLATION_WORKSPACE,
      [sealedKeyId(sealed)],
      'sso.log_in',
    )
    return open(keys, { ...PERSON, column: 'sealed_email', rowId: personId }, sealed).toString()
  }

  const bindingOf = (connectionId: string, subject: Buffer, personId: string): Promise<Buffer> =>
    deps.pepper.of(
      hashSecret(
        JSON.stringify(['bulkhead sso identity 1', connectionId, subject.toString('hex'), personId]),
      ),
    )

  /**
   * The person of a subject, or of an address that the provider speaks for the first time; null for nobody. What is stored is believed only as
   * far as it is bound: a pin by its HMAC, an address by what is sealed in the row. Throws `unauthenticated`.
   */
  async function knownPerson(connectionId: string, subject: Buffer, address: Buffer, email: string) {
    const found = await findSsoPerson(pool, { connectionId, subjectIndex: subject, accountIndex: address })
    if (found === undefined) return null
    const isHis =
      found.binding === null
        ? normaliseForIndex(await emailOf(found.id, found.sealed_email)) === normaliseForIndex(email)
        : found.binding.equals(await bindingOf(connectionId, subject, found.id))
    if (isHis) return found.id
    deps.log.error(
      { alarm: 'sso_identity.forged', connection: connectionId, person: found.id },
      'Whom a provider vouches for is not who the database says and was refused: somebody wrote to the database past Bulkhead',
    )
    throw dead()
  }

  async function enter(
    at: {
      readonly workspaceId: string
      readonly connectionId: string
      readonly issuer: string
      readonly defaultRole: Role | null
    },
    claims: VouchedClaims,
    { email, domain }: ParsedAddress,
  ): Promise<string> {
    const [[subject], [account], key] = await Promise.all([
      deps.keyring.blind(at.workspaceId, [`sso subject\n${at.issuer}\n${claims.subject}`]),
      deps.keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(email)]),
      deps.keyring.contentKey(INSTALLATION_WORKSPACE),
    ])
    if (subject === undefined || account === undefined) throw new Error('the keyring answered no index')
    const personId = (await knownPerson(at.connectionId, subject, account.index, email)) ?? deps.newId()
    const place = { ...PERSON, rowId: personId }
    const memberId = deps.newId()
    const invitation = await invitationOf(at.workspaceId, account.index)
    const boundAs = (role: Role, permissionSetId: string | null): Promise<Buffer> =>
      deps.pepper.of(
        membershipDigest({ id: memberId, workspaceId: at.workspaceId, personId, role, permissionSetId }),
      )
    const { outcome, person_id: person } = await enterSso(pool, {
      workspaceId: at.workspaceId,
      connectionId: at.connectionId,
      subjectIndex: subject,
      accountIndex: account.index,
      personId,
      sealedEmail: seal(key, { ...place, column: 'sealed_email' }, Buffer.from(email)),
      sealedName:
        claims.name === null
          ? null
          : seal(key, { ...place, column: 'sealed_name' }, Buffer.from(claims.name)),
      memberId,
      domain,
      invitation,
      asInvited:
        invitation === undefined ? null : await boundAs(invitation.role, invitation.permission_set_id),
      asNewcomer: at.defaultRole === null ? null : await boundAs(at.defaultRole, null),
      binding: await bindingOf(at.connectionId, subject, personId),
      defaultRole: at.defaultRole,
    })
    switch (outcome) {
      case 'member':
      case 'joined':
        if (person === null) throw new Error('engine.enter_sso answered no person')
        deps.people.forget()
        return person
      case 'not_member':
        throw refused('You are no member of this workspace; ask an owner to invite you.')
      case 'other_subject':
        throw refused(
          'This address belonged to another account of the provider. An owner removes the old member and invites you.',
        )
      case 'gone':
      case 'refused':
        throw dead()
    }
  }

  return {
    connections,

    async start({ email, workspaceId, fresh }, client) {
      await slow(client)
      const parsed = email === undefined ? null : parseAddress(email)
      return begin({
        workspaceId: workspaceId === undefined ? null : (decodeId('workspace', workspaceId) ?? NOWHERE),
        domain: parsed === null || !parsed.ok ? null : parsed.address.domain,
        testOf: null,
        fresh,
      })
    },

    async test(caller) {
      requireOwner(caller, 'tests a provider')
      await connections.get(caller)
      return begin({
        workspaceId: caller.workspaceId,
        domain: null,
        testOf: personOf(caller.principal).personId,
        fresh: false,
      })
    },

    async go(state) {
      if (!STATE.test(state)) return null
      const row = await readSso(pool, hashSecret(state), false)
      const provider = row === undefined ? null : await providerOf(row)
      if (row === undefined || provider === null) return null
      try {
        return await deps.oidc.authorizationUrl(provider.client, {
          redirectUri: connections.redirectUri,
          state,
          nonce: row.nonce,
          challenge: row.challenge,
          fresh: row.fresh,
        })
      } catch (error) {
        if (error instanceof OidcError) return null
        throw error
      }
    },

    async finish({ code, state, issuer, verifier }, client) {
      await slow(client)
      if (!STATE.test(state) || !isOneTimeToken(verifier)) throw dead()
      // Used up whatever comes of it.
      const row = await readSso(pool, hashSecret(state), true)
      const secrets = secretsOf(verifier)
      if (row === undefined || row.challenge !== secrets.challenge) throw dead()
      const provider = await providerOf(row)
      if (provider === null) throw dead()
      const { workspaceId, connectionId } = provider
      const callback = new URL(connections.redirectUri)
      callback.searchParams.set('code', code)
      callback.searchParams.set('state', state)
      if (issuer !== undefined) callback.searchParams.set('iss', issuer)
      const claims = await vouched(() =>
        deps.oidc.exchange(provider.client, {
          callback,
          state,
          nonce: secrets.nonce,
          verifier: secrets.verifier,
          fresh: row.fresh,
        }),
      )
      const address = await addressOf(claims, workspaceId, provider.domains)
      if (row.is_test) {
        if (!(await markTested(pool, workspaceId, connectionId, row.person_id ?? NOWHERE))) throw dead()
        return { tested: address.email }
      }
      const personId = await enter(
        { workspaceId, connectionId, issuer: provider.client.issuer, defaultRole: provider.defaultRole },
        claims,
        address,
      )
      const session = await deps.sessions.issue({
        personId,
        level: 'full',
        factor: 'sso',
        client,
        onlyWorkspace: workspaceId,
        strong: row.fresh,
      })
      return { session, workspaceId }
    },
  }
}

const NOWHERE = '00000000-0000-0000-0000-000000000000'

async function vouched(work: () => Promise<VouchedClaims>): Promise<VouchedClaims> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OidcError) throw refused(error.message, error)
    throw error
  }
}

function refused(detail: string, cause?: unknown): Fault {
  return new Fault('unauthenticated', { detail, cause })
}

/** One answer for what was used, ran out, belongs to another browser or never was. */
function dead(): Fault {
  return refused(
    'This log-in does not go on: it was used, took more than ten minutes or began elsewhere. Begin again.',
  )
}
