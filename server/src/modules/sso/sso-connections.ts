import { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { DnsResolver } from '../../platform/dns/index.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { OidcError } from '../../platform/oidc/index.ts'
import type { Oidc } from '../../platform/oidc/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { Role } from '../../security/access/index.ts'
import { personOf } from '../members/index.ts'
import type { ConnectionView } from './sso.ts'
import {
  deleteConnection,
  isSsoRequired,
  putConnection,
  tellConnected,
  selectConnection,
  verifiedDomains,
} from './sso-store.ts'
import type { ConnectionRecord } from './sso-store.ts'

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

export interface WishedConnection {
  readonly issuer: string
  readonly clientId: string
  /** Left out: the one that is stored, for the same issuer and client. */
  readonly clientSecret?: string | undefined
  readonly domains: readonly string[]
  readonly defaultRole: Role | null
}

/** A connection as it is stored. */
export type SealedConnection = Pick<
  ConnectionRecord,
  'id' | 'issuer' | 'client_id' | 'domains' | 'default_role' | 'sealed_secret'
>

export interface SsoConnections {
  /** Throws `not_found` where there is none. */
  get(caller: Caller): Promise<ConnectionView>
  /** By an owner. Asks the provider and DNS first. Throws `invalid_request`, `missing_scope`. */
  put(caller: Caller, wished: WishedConnection): Promise<ConnectionView>
  /** Ends the sessions that it has vouched for. Throws `conflict` while it is the only way in. */
  remove(caller: Caller): Promise<void>
  /** Whether the workspace still owns a domain: verified for sending, or by its TXT record. */
  owns(workspaceId: string, domain: string): Promise<boolean>
  /** Null, and an alarm in the log, where the row is not the one that the secret was sealed for. */
  secretOf(workspaceId: string, connection: SealedConnection): Promise<string | null>
  readonly redirectUri: string
}

/** See the slice's door for what holds. */
export function createSsoConnections(deps: {
  readonly oidc: Pick<Oidc, 'probe'>
  readonly resolver: Pick<DnsResolver, 'txt'>
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'openContentKeys'>
  readonly transactions: TenantTransactions
  readonly log: Pick<Logger, 'error'>
  readonly publicUrl: string
  readonly newId: () => string
}): SsoConnections {
  const redirectUri = `${deps.publicUrl}/v1/sso/callback`

  async function owned(workspaceId: string, domains: readonly string[]): Promise<Set<string>> {
    const known = new Set(
      await deps.transactions.read(workspaceId, (db) => verifiedDomains(db, workspaceId, domains)),
    )
    for (const domain of domains) {
      if (known.has(domain)) continue
      const answer = await deps.resolver.txt(recordName(domain))
      if (answer.kind === 'found' && answer.records.includes(recordValue(workspaceId))) known.add(domain)
    }
    return known
  }

  async function secretOf(workspaceId: string, row: SealedConnection): Promise<string | null> {
    const { id, sealed_secret: sealed } = row
    const keys = await deps.keyring.openContentKeys(workspaceId, [sealedKeyId(sealed)], 'sso.log_in')
    const { secret, for: sealedFor } = Sealed.parse(
      JSON.parse(open(keys, placeOf(workspaceId, id), sealed).toString()),
    )
    const { issuer, client_id: clientId, domains, default_role: defaultRole } = row
    if (sealedFor === purposeOf({ issuer, clientId, domains, defaultRole })) return secret
    deps.log.error(
      { alarm: 'sso_connection.forged', connection: id, workspaceId },
      'A connection to an identity provider does not fit its secret and was refused: somebody wrote to the database past Bulkhead',
    )
    return null
  }

  function viewOf(row: ConnectionRecord): ConnectionView {
    return {
      issuer: row.issuer,
      clientId: row.client_id,
      domains: row.domains,
      defaultRole: row.default_role,
      redirectUri,
      testedAt: row.tested_at?.toISOString() ?? null,
      changedAt: row.changed_at.toISOString(),
    }
  }

  async function get(caller: Caller): Promise<ConnectionView> {
    const row = await caller.read((db) => selectConnection(db, caller.workspaceId))
    if (row === undefined) throw none()
    return viewOf(row)
  }

  return {
    get,
    secretOf,
    redirectUri,
    owns: async (workspaceId, domain) => (await owned(workspaceId, [domain])).has(domain),

    async put(caller, wished) {
      requireOwner(caller, 'connects a provider: who has it speaks for every member')
      const { workspaceId } = caller
      const known = await caller.read((db) => selectConnection(db, workspaceId))
      const isSameProvider = known?.issuer === wished.issuer && known.client_id === wished.clientId
      const id = isSameProvider && known !== undefined ? known.id : deps.newId()
      const secret =
        wished.clientSecret ??
        (isSameProvider && known !== undefined ? await secretOf(workspaceId, known) : null)
      if (secret === null) throw invalidField('clientSecret', 'is missing')
      const domains = [...new Set(wished.domains)]
      const mine = await owned(workspaceId, domains)
      for (const [at, domain] of domains.entries()) {
        if (!mine.has(domain))
          throw invalidField(
            `domains[${at}]`,
            `is not shown to be yours`,
            `Verify ${domain} as a sending domain, or publish the TXT record ${recordName(domain)} with the value ${recordValue(workspaceId)}.`,
          )
      }
      try {
        await deps.oidc.probe({ issuer: wished.issuer, clientId: wished.clientId, clientSecret: secret })
      } catch (error) {
        if (error instanceof OidcError) throw invalidField('issuer', error.message)
        throw error
      }
      const sealedSecret = seal(
        await deps.keyring.contentKey(workspaceId),
        placeOf(workspaceId, id),
        Buffer.from(JSON.stringify({ secret, for: purposeOf({ ...wished, domains }) })),
      )
      await caller.act(async (db, about) => {
        await putConnection(db, workspaceId, { ...wished, id, domains, sealedSecret, isSameProvider })
        await tellConnected(db, workspaceId, id)
        about('sso', {
          issuer: wished.issuer,
          clientId: wished.clientId,
          domains,
          defaultRole: wished.defaultRole,
        })
      })
      return get(caller)
    },

    async remove(caller) {
      requireOwner(caller, 'disconnects a provider')
      await caller.act(async (db, about) => {
        if (await isSsoRequired(db, caller.workspaceId))
          throw new Fault('conflict', {
            detail: 'The policy makes this provider the only way in: change it first.',
          })
        if (!(await deleteConnection(db, caller.workspaceId))) throw none()
        about('sso')
      })
    },
  }
}

function recordName(domain: string): string {
  return `_bulkhead-sso.${domain}`
}

function recordValue(workspaceId: string): string {
  return `bulkhead-sso=${encodeId('workspace', workspaceId)}`
}

function placeOf(workspaceId: string, rowId: string) {
  return { workspaceId, table: 'sso_connection', column: 'sealed_secret', rowId }
}

const Sealed = z.object({ secret: z.string(), for: z.string() })

/**
 * What a secret is sealed for. Whoever writes to the database would otherwise have it sent to a provider of his own, which then speaks for
 * every member, the owners too.
 */
function purposeOf(
  connection: Pick<WishedConnection, 'issuer' | 'clientId' | 'domains' | 'defaultRole'>,
): string {
  const { issuer, clientId, domains, defaultRole } = connection
  return JSON.stringify([issuer, clientId, domains, defaultRole])
}

function none(): Fault {
  return new Fault('not_found', { detail: 'No provider is connected: PUT /v1/sso/connection.' })
}

export function requireOwner(caller: Pick<Caller, 'principal'>, what: string): void {
  if (personOf(caller.principal).role !== 'owner')
    throw new Fault('missing_scope', { detail: `Only an owner ${what}.` })
}
