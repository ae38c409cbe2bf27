import { createHash } from 'node:crypto'
import { Fault } from '../../kernel/faults.ts'
import { KeyringShredded, type KeyringClient } from '../../platform/keyring-client/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import { seal } from '../../platform/sealing/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { KEPT_HOURS } from './inbound-route.ts'
import { createIntakeStore } from './intake-store.ts'
import type { InboundEnvelope } from './parse-form.ts'
import { contentPlace, envelopePlace } from './sealed-places.ts'

/** A recipient of mail from outside: see the surface. */
interface Recipient {
  readonly address: string
  readonly localPart: string
  readonly domain: string
}

interface Mail {
  readonly from: string
  readonly recipients: readonly Recipient[]
  readonly raw: Buffer
  readonly client: InboundEnvelope['client']
}

type Result = { readonly kind: 'kept' } | { readonly kind: 'refused'; readonly reason: string }

/** Takes mail for the host names of routes. Fits the doors of the inbound surface. */
export interface InboundRouteDoor {
  readonly name: 'routes'
  /** For whom it is taken: a workspace. */
  judge(recipient: Recipient): Promise<{ readonly takenFor: string } | 'unknown'>
  receive(mail: Mail): Promise<Result>
}

interface Routed {
  readonly to: string
  readonly workspaceId: string
  readonly routeId: string
}

/**
 * The way in for mail that programs get by HTTP. It opens nothing and reads nothing: what came is sealed and committed before 250, once for all
 * recipients, which belong to one workspace: one answer is the truth for all of them. Throws where the database or the keyring is away, or the workspace has no room: the other side keeps the
 * mail and comes again.
 */
export function createInboundRouteDoor(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'blind' | 'contentKey'>
  readonly newId: () => string
  readonly log: Logger
}): InboundRouteDoor {
  const store = createIntakeStore(deps.pool)

  async function keep(workspaceId: string, mail: Mail, routed: readonly Routed[]): Promise<Result> {
    const key = await keyOf(workspaceId)
    if (key === null) return { kind: 'refused', reason: 'No such address here' }
    const digests = await deps.keyring.blind(
      workspaceId,
      routed.map(({ to, routeId }) => digestOf(routeId, to, mail)),
    )
    const contentId = deps.newId()
    const result = await store.keep({
      workspaceId,
      contentId,
      sealed: seal(key, contentPlace(workspaceId, contentId), mail.raw),
      sizeBytes: mail.raw.length,
      keptHours: KEPT_HOURS,
      mails: routed.map(({ to, routeId }, at) => {
        const id = deps.newId()
        const digest = digests[at]
        if (digest === undefined) throw new Error('the keyring answered fewer indexes than mails')
        const envelope: InboundEnvelope = { from: mail.from, to, client: mail.client }
        return {
          id,
          routeId,
          digest,
          envelope: seal(key, envelopePlace(workspaceId, id), Buffer.from(JSON.stringify(envelope))),
        }
      }),
    })
    if (result === 'full')
      throw new Fault('unavailable', { detail: 'Too much mail waits for this workspace.' })
    deps.log.info({ workspaceId, mails: routed.length, result }, 'Mail from outside is kept for a route')
    return { kind: 'kept' }
  }

  /** Null where the workspace is no more. What is contained, or what the keyring refuses for another reason, comes again: it throws. */
  async function keyOf(workspaceId: string) {
    try {
      return await deps.keyring.contentKey(workspaceId)
    } catch (error) {
      if (error instanceof KeyringShredded) return null
      throw error
    }
  }

  return {
    name: 'routes',

    async judge({ localPart, domain }) {
      if (domain === '' || localPart === '') return 'unknown'
      const route = await store.routeOf(domain)
      return route === null ? 'unknown' : { takenFor: route.workspaceId }
    },

    async receive(mail) {
      const routed: Routed[] = []
      const addresses = new Map(
        mail.recipients.map((recipient) => [recipient.address.toLowerCase(), recipient]),
      )
      for (const { address, domain } of addresses.values()) {
        const route = await store.routeOf(domain)
        if (route === null) return { kind: 'refused', reason: 'A recipient is not here any more' }
        routed.push({ to: address, ...route })
      }
      const workspaces = new Set(routed.map(({ workspaceId }) => workspaceId))
      const [workspaceId] = workspaces
      if (workspaceId === undefined) throw new Error('a mail has no recipient')
      // A host name can change hands after RCPT; nothing is kept yet.
      if (workspaces.size > 1)
        throw new Fault('unavailable', { detail: 'The recipients are no longer of one workspace.' })
      return keep(workspaceId, mail, routed)
    },
  }
}

/** The same for a mail that comes twice because our 250 was not heard. */
function digestOf(routeId: string, to: string, { from, raw }: Mail): string {
  return createHash('sha256')
    .update(`inbound 1\0${routeId}\0${to.toLowerCase()}\0${from}\0`)
    .update(raw)
    .digest('hex')
}
