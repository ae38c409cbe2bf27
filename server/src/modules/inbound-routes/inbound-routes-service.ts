import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { endpointUrl, newSigningSecret } from '../webhooks/index.ts'
import { hostnameOf, provenBy, type InboundMail, type InboundRoute } from './inbound-route.ts'
import {
  countRoutes,
  deleteRouteRow,
  hasMail,
  insertRoute,
  isTaken,
  retryMailRow,
  selectMail,
  selectProven,
  selectRoute,
  selectRoutes,
  updateRouteRow,
  type MailRecord,
  type RouteRecord,
} from './inbound-routes-store.ts'
import { routeSecretContext } from './sealed-places.ts'

type View = z.output<typeof InboundRoute>
type MailView = z.output<typeof InboundMail>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>
interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface InboundRoutes {
  create(
    caller: Caller,
    wanted: { readonly hostname: string; readonly url: string; readonly sendRaw: boolean },
  ): Promise<View>
  list(
    caller: Caller,
    query: PageQuery & { readonly hostname?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  update(
    caller: Caller,
    id: string,
    change: { readonly url?: string | undefined; readonly sendRaw?: boolean | undefined },
  ): Promise<View>
  /** What was taken before still goes to the URL. */
  remove(caller: Caller, id: string): Promise<void>
  mail(
    caller: Caller,
    id: string,
    query: PageQuery & { readonly state?: MailRecord['state'] | undefined },
  ): Promise<{ data: MailView[]; nextCursor: string | null }>
  /** Throws `conflict` where it was not refused, or is erased. */
  retry(caller: Caller, id: string, mailId: string): Promise<MailView>
}

const ROUTES_MAX = 200

/** Routes for mail from outside: see the slice's door for what holds. */
export function createInboundRoutes(deps: {
  readonly keyring: Pick<KeyringClient, 'sealSecret'>
  readonly newId: () => string
  readonly allowPrivateTargets: boolean
}): InboundRoutes {
  return {
    async create(caller, wanted) {
      const { workspaceId } = caller
      const hostname = hostnameOf(wanted.hostname)
      if (hostname === null)
        throw invalidField('hostname', 'is not a host name', 'Write a name such as parse.example.com.')
      const url = endpointUrl(wanted.url, deps.allowPrivateTargets)
      await caller.read((db) => requireProven(db, workspaceId, hostname))
      const id = deps.newId()
      const { kept, publicKey } = newSigningSecret('sendgrid')
      const plain = Buffer.from(kept.reveal())
      const secret = await deps.keyring.sealSecret(workspaceId, 'webhook', routeSecretContext(id), plain)
      plain.fill(0)
      return caller.act(async (db, about) => {
        if ((await countRoutes(db, workspaceId)) >= ROUTES_MAX)
          throw new Fault('conflict', { detail: `A workspace has at most ${ROUTES_MAX} inbound routes.` })
        const row = await insertRoute(db, {
          id,
          workspaceId,
          hostname,
          url,
          sendRaw: wanted.sendRaw,
          secret,
          publicKey: publicKey ?? '',
          actor: caller.actor,
        })
        if (row === undefined)
          throw new Fault('conflict', { detail: `${hostname} has a route already. Change that one.` })
        about(encodeId('inboundRoute', id), { hostname, host: new URL(url).host })
        return view(row)
      })
    },

    async list(caller, { limit, cursor, hostname }) {
      const filter = { hostname: hostname?.toLowerCase() ?? null, before: idOfCursor(cursor) }
      const rows = await caller.read((db) => selectRoutes(db, caller.workspaceId, filter, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectRoute(db, caller.workspaceId, id))
      if (row === undefined) throw missing('inboundRoute', id)
      return view(row)
    },

    update(caller, id, change) {
      const url = change.url === undefined ? null : endpointUrl(change.url, deps.allowPrivateTargets)
      return caller.act(async (db, about) => {
        const row = await updateRouteRow(db, caller.workspaceId, id, {
          url,
          sendRaw: change.sendRaw ?? null,
        })
        if (row === undefined) throw missing('inboundRoute', id)
        about(encodeId('inboundRoute', id), { hostname: row.hostname, host: new URL(row.url).host })
        return view(row)
      })
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await deleteRouteRow(db, caller.workspaceId, id))) throw missing('inboundRoute', id)
        about(encodeId('inboundRoute', id))
      }),

    async mail(caller, id, { limit, cursor, state }) {
      const filter = { state: state ?? null, before: idOfCursor(cursor) }
      const rows = await caller.read(async (db) => {
        if ((await selectRoute(db, caller.workspaceId, id)) === undefined) throw missing('inboundRoute', id)
        return selectMail(db, caller.workspaceId, id, filter, limit + 1)
      })
      return page(rows, limit, mailView, (row) => idCursor(row.id))
    },

    retry: (caller, id, mailId) =>
      caller.act(async (db, about) => {
        if ((await selectRoute(db, caller.workspaceId, id)) === undefined) throw missing('inboundRoute', id)
        const row = await retryMailRow(db, caller.workspaceId, id, mailId)
        if (row === undefined) {
          if (!(await hasMail(db, caller.workspaceId, id, mailId))) throw missing('inboundMail', mailId)
          throw new Fault('conflict', {
            detail: 'Only a mail that was refused, and is not erased yet, can be posted again.',
          })
        }
        about(encodeId('inboundRoute', id), { mail: encodeId('inboundMail', mailId) })
        return mailView(row)
      }),
  }
}

async function requireProven(
  db: Parameters<typeof selectProven>[0],
  workspaceId: string,
  hostname: string,
): Promise<void> {
  const names = provenBy(hostname)
  if ((await selectProven(db, workspaceId, names)).length === 0)
    throw invalidField(
      'hostname',
      'is no verified sending domain of this workspace, and no name below one',
      `Add the domain and publish its DNS records: bulkhead domains add ${names.at(-1) ?? hostname}.`,
    )
  if (await isTaken(db, hostname))
    throw new Fault('conflict', {
      detail: `Mail to ${hostname} goes to another workspace of this installation.`,
    })
}

function view(row: RouteRecord): View {
  return {
    id: encodeId('inboundRoute', row.id),
    hostname: row.hostname,
    url: row.url,
    sendRaw: row.unparsed,
    isActive: row.active,
    publicKey: row.public_key,
    createdAt: row.created_at.toISOString(),
  }
}

function mailView(row: MailRecord): MailView {
  return {
    id: encodeId('inboundMail', row.id),
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.state === 'pending' ? row.due.toISOString() : null,
    lastStatus: row.last_status,
    lastError: row.last_error,
    sizeBytes: row.size_bytes,
    receivedAt: row.received_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
  }
}
