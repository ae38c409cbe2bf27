import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { canonicalName, type Destination } from '../../platform/dns/index.ts'
import { missing } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Messages } from '../messages/index.ts'
import { explainRecipient, withOverlays } from './explain.ts'
import { loadRules } from './load-rules.ts'
import { liftOverlay, selectActive, selectOverlays, selectWaiting } from './overlay-store.ts'
import type { ActiveOverlay, OverlayRow } from './overlay-store.ts'
import { readShipped, type RulesFile } from './rules-file.ts'
import { OverlayView } from './shaping-views.ts'
import type { CheckView, ExplainedView, ResolvedView } from './shaping-views.ts'
import { createSiteBearings } from './site-bearings.ts'
import type { SiteBearings } from './site-bearings.ts'
import { siteNameOf } from './site-name.ts'

type Reader = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read'>

/** What operators and workspaces see of shaping. */
export interface Shaping {
  /** What is wrong with a file; applies nothing. Without a text: with the file that this process goes by. */
  check(text: string | undefined): Promise<z.output<typeof CheckView>>
  /** Throws `invalid_request` for what is no domain or source, `not_found` for a domain without mail, `unavailable` where DNS is silent. */
  resolve(domain: string, source: string | undefined): Promise<z.output<typeof ResolvedView>>
  /** Of a message of the caller's workspace. Throws `not_found`. */
  explain(reader: Reader, messageId: string): Promise<z.output<typeof ExplainedView>>
  /** What bears on sites now: what concerns the workspace, or null, all of it with the replies. */
  bearings(workspaceId: string | null): Promise<SiteBearings>
  listOverlays(ended: boolean): Promise<{ data: z.output<typeof OverlayView>[] }>
  /** Throws `not_found` where none of that id is in force. */
  liftOverlay(actor: string, id: string): Promise<void>
}

/** A transaction of no workspace: row-level security shows nothing in it; only functions of the engine answer. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'
const OVERLAYS_SHOWN = 1_000

/** Shaping, for the API: see the slice's door for what holds. */
export function createShaping(deps: {
  readonly rules: RulesFile
  /** BULKHEAD_HOSTNAME, as senders load the rules with it. */
  readonly hostname: string
  readonly resolveDestination: (domain: string) => Promise<Destination>
  readonly messages: Pick<Messages, 'get'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly nowMs: () => number
}): Shaping {
  const { rules, transactions } = deps

  return {
    async check(text) {
      if (text === undefined) {
        await rules.reload()
        const state = rules.state()
        const { providers, automation } = rules.current()
        return {
          ok: state.problems.length === 0,
          file: state.path,
          inForce: state.inForce,
          problems: [...state.problems],
          providers: [...providers],
          automation: automation.map(({ name }) => name),
        }
      }
      const loaded = loadRules([await readShipped(), { name: 'given', text }], { hostname: deps.hostname })
      return {
        ok: loaded.ok,
        file: null,
        inForce: 'given',
        problems: loaded.ok ? [] : [...loaded.problems],
        providers: loaded.ok ? [...loaded.rules.providers] : [],
        automation: loaded.ok ? loaded.rules.automation.map(({ name }) => name) : [],
      }
    },

    async resolve(text, source) {
      const domain = canonicalName(text)
      if (domain === null) throw invalidField('domain', 'is no domain', 'Write a name such as example.com.')
      const known = rules.current().plan.sources.map(({ name }) => name)
      if (source !== undefined && !known.includes(source))
        throw invalidField('source', 'is not there', `Write one of ${known.slice(0, 20).join(', ')}.`)
      const found = await deps.resolveDestination(domain)
      if (found.kind === 'defer') throw new Fault('unavailable', { detail: `${found.reason}.` })
      if (found.kind === 'bounce') throw new Fault('not_found', { detail: `${domain}: ${found.reason}.` })
      const mxHosts = found.hosts.map(({ exchange }) => exchange)
      const site = siteNameOf(mxHosts)
      const wanted = { domain, mxHosts, siteName: site, source: source ?? null }
      const { provider, ofDomain } = rules.current().resolve(wanted)
      const rows = await transactions.read(NO_WORKSPACE, (db) => selectOverlays(db, false, OVERLAYS_SHOWN))
      const active = await transactions.read(NO_WORKSPACE, (db) => selectActive(db))
      const isHere = (overlay: Pick<ActiveOverlay, 'at' | 'place' | 'source'>) =>
        overlay.place === (overlay.at === 'site' ? site : provider) &&
        (source === undefined || overlay.source === source)
      return {
        domain,
        site,
        provider,
        source: source ?? null,
        mxHosts,
        ofDomain,
        because: withOverlays(rules.current(), wanted, active.filter(isHere)),
        overlays: rows
          .filter((row) => isHere({ at: row.scope, place: row.place, source: row.source }))
          .map((row) => view({ ...row, evidence: [] })),
      }
    },

    async explain(reader, messageId) {
      const message = await deps.messages.get(reader, encodeId('message', messageId))
      const [waiting, overlays] = await reader.read(async (db) => [
        await selectWaiting(db, messageId),
        await selectActive(db),
      ])
      const now = new Date(deps.nowMs())
      const recipients = waiting.map((row) =>
        explainRecipient({
          row,
          facts: {
            email: message.recipients.find(({ number }) => number === row.number)?.email ?? '',
            timeline: message.timeline.filter(({ recipient }) => recipient === row.number),
          },
          workspaceId: reader.workspaceId,
          rules: rules.current(),
          overlays,
          now,
        }),
      )
      return { messageId: message.id, recipients, done: message.recipients.length - recipients.length }
    },

    async bearings(workspaceId) {
      const [overlays, rows] = await transactions.read(NO_WORKSPACE, async (db) => [
        await selectActive(db),
        workspaceId === null ? await selectOverlays(db, false, OVERLAYS_SHOWN) : [],
      ])
      return createSiteBearings({
        rules: rules.current(),
        overlays: overlays.filter(
          (overlay) =>
            workspaceId === null || overlay.workspaceId === null || overlay.workspaceId === workspaceId,
        ),
        rows,
        now: new Date(deps.nowMs()),
      })
    },

    async listOverlays(ended) {
      const rows = await transactions.read(NO_WORKSPACE, (db) => selectOverlays(db, ended, OVERLAYS_SHOWN))
      return { data: rows.map(view) }
    },

    liftOverlay: (actor, id) =>
      transactions.write(NO_WORKSPACE, async (db) => {
        if (!(await liftOverlay(db, id, actor))) throw missing('overlay', id)
        await deps.recordAudit(db, {
          workspaceId: null,
          actor,
          action: 'shaping.overlay_lifted',
          target: encodeId('overlay', id),
          detail: {},
        })
      }),
  }
}

function view(row: OverlayRow): z.output<typeof OverlayView> {
  return OverlayView.parse({
    id: encodeId('overlay', row.id),
    kind: row.kind,
    rule: row.rule,
    at: row.scope,
    place: row.place,
    source: row.source,
    workspaceId: row.workspace_id === null ? null : encodeId('workspace', row.workspace_id),
    settings: row.settings,
    reason: row.reason,
    hits: row.hits,
    evidence: row.evidence,
    madeAt: row.made_at.toISOString(),
    until: row.until.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    endedBy: row.ended_by,
  })
}
