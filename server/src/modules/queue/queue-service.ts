import type { z } from 'zod'
import { Fault, invalidField, sentence } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { Lane } from '../../kernel/lane.ts'
import { idCursor, idOf, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { SiteBearings } from '../shaping/index.ts'
import { TOKEN_LIFETIME_MS, readToken, writeToken } from './preview-token.ts'
import type { ActKind, Plan } from './preview-token.ts'
import { countQueue } from './queue-count.ts'
import type { Counted } from './queue-count.ts'
import { requireStanding, storedFilter } from './queue-filter.ts'
import type { FilterInput } from './queue-filter.ts'
import { explainLines, longestLines } from './queue-lines.ts'
import { cancelAct, insertAct, selectActs, selectKnownSites, undoAct } from './queue-store.ts'
import type { ActRow, Origin } from './queue-store.ts'
import { exampleLines, siteLines, stateLines, viewAct, workspaceLines } from './queue-views.ts'
import type { Preview, QUEUE_STATES, QueueAct } from './queue-views.ts'

/** For whom something is asked or done. */
export interface QueueCaller {
  readonly origin: Origin
  /** UUID of the workspace whose mail it is about; null: that of all. */
  readonly workspaceId: string | null
  readonly actor: string
}

export interface WantedAct {
  readonly act: ActKind
  readonly filter: FilterInput
  /** Of a pause: when it ends by itself. */
  readonly until?: string | undefined
  /** Of expire: how long it can be undone; default 600. 0: at once. */
  readonly graceSeconds?: number | undefined
  /** Of requeue: over how long it is spread; default 60. */
  readonly spreadSeconds?: number | undefined
}

/** Which part of the queue somebody looks at. */
export interface QueueLook {
  readonly lane?: Lane | undefined
  readonly site?: string | undefined
  readonly provider?: string | undefined
  readonly pool?: string | undefined
  readonly state?: (typeof QUEUE_STATES)[number] | undefined
}

/** What an act names of its preview. */
export interface NamedPreview {
  readonly token: string
  readonly expected: number
  readonly reason: string
}

type PreviewView = z.input<typeof Preview>
type ActView = z.input<typeof QueueAct>

export type QueueService = ReturnType<typeof createQueue>

const GRACE_SECONDS = 600
const SPREAD_SECONDS = 60
const PAUSE_DAYS_MAX = 366
const DAY_MS = 86_400_000
/** Requests wait for a count this long, in milliseconds; the database's answer to one batch of it comes on top. */
const COUNT_MS = 3_000
/** A transaction of no workspace: only functions of the engine answer in it. */
const NO_WORKSPACE = '00000000-0000-0000-0000-000000000000'

/** Acts on the queue: see the slice's door for what holds. */
export function createQueue(deps: {
  readonly transactions: TenantTransactions
  /** Null: domains of recipients cannot be named here, because this process has no keyring for it. */
  readonly keyring: Pick<KeyringClient, 'blindAddresses'> | null
  /** What shaping says of sites, to the workspace or to those who run the installation. Null: this process does not know the rules. */
  readonly bearings: ((workspaceId: string | null) => Promise<SiteBearings>) | null
  readonly newId: () => string
  readonly nowMs: () => number
}) {
  const read =
    (caller: QueueCaller) =>
    <T>(work: (db: TenantDatabase) => Promise<T>): Promise<T> =>
      deps.transactions.read(boundTo(caller), work)
  const write = <T>(caller: QueueCaller, work: (db: TenantDatabase) => Promise<T>): Promise<T> =>
    deps.transactions.write(boundTo(caller), work, caller.actor)

  const count = (caller: QueueCaller, plan: Pick<Plan, 'filter'> & { readonly kind: ActKind | 'look' }) =>
    countQueue(read(caller), { ...caller, kind: plan.kind, filter: plan.filter }, COUNT_MS)

  const bearingsFor = (caller: QueueCaller) =>
    deps.bearings?.(caller.origin === 'workspace' ? caller.workspaceId : null)

  async function destinationsOf(caller: QueueCaller, domains: readonly string[]): Promise<readonly bigint[]> {
    if (deps.keyring === null)
      throw invalidField(
        'filter.domains',
        'cannot be named here',
        'Name the site: it stands in the overview of the queue.',
      )
    // The hash of a domain is the same in all workspaces.
    const blind = await deps.keyring.blindAddresses(
      caller.workspaceId ?? INSTALLATION_WORKSPACE,
      domains.map((domain) => `postmaster@${domain}`),
    )
    return blind.map((item) => item.destination)
  }

  async function one(caller: QueueCaller, id: string): Promise<ActView> {
    const [row] = await read(caller)((db) =>
      selectActs(db, { ...caller, id, before: null, isOpen: false, rowsMax: 1 }),
    )
    if (row === undefined) throw missing('queueAct', id)
    return viewAct(row, isOwn(caller, row))
  }

  /** What was shown is what is done: more than that is refused, and before mail ends at once any other number. */
  async function requireSame(caller: QueueCaller, plan: Plan): Promise<void> {
    if (plan.kind === 'pause') return
    const isAtOnce = plan.kind === 'expire' && plan.graceSeconds === 0
    const now = await count(caller, plan)
    if (isAtOnce && !(plan.isComplete && now.isComplete))
      throw new Fault('conflict', {
        detail:
          'There is more of this than can be counted at once, so that nobody knows what would end. Narrow the filter, or leave a time of grace.',
      })
    const { recipients } = now.applies
    if (plan.isComplete && now.isComplete && (isAtOnce ? recipients !== plan.shown : recipients > plan.shown))
      throw new Fault('conflict', {
        detail: `It would now touch ${recipients} recipients, and ${plan.shown} were shown. Nothing was done; look at a new preview.`,
      })
  }

  return {
    /** What waits, by lane, state, site and workspace. */
    async overview(caller: QueueCaller, look: QueueLook) {
      const counted = await count(caller, { kind: 'look', filter: lookFilter(look) })
      const { shown, rest } = longestLines(counted, look.state)
      const sites = shown.flatMap(({ site, state }) => (site !== null && state === 'line' ? [site] : []))
      const known =
        sites.length === 0 ? [] : await read(caller)((db) => selectKnownSites(db, [...new Set(sites)], []))
      const bearings = await bearingsFor(caller)
      return {
        data: stateLines(counted),
        sites: siteLines(counted),
        lines: bearings === undefined ? [] : explainLines(shown, known, bearings),
        rest,
        workspaces: workspaceLines(counted),
        complete: counted.isComplete,
      }
    },

    /** Counts what an act would touch, and answers the token that it takes. Changes nothing. */
    async preview(caller: QueueCaller, wanted: WantedAct): Promise<PreviewView> {
      const nowMs = deps.nowMs()
      const plan = await planOf(caller, wanted, nowMs)
      const counted = await count(caller, plan)
      const shown: Plan = { ...plan, shown: counted.applies.recipients, isComplete: counted.isComplete }
      const inFlight = [...counted.byState.values()].filter((line) => line.state === 'in flight')
      return {
        token: writeToken(shown),
        act: plan.kind,
        expected: shown.shown,
        complete: counted.isComplete,
        oldestDue: counted.applies.oldestDue,
        states: stateLines(counted),
        sites: siteLines(counted),
        workspaces: workspaceLines(counted),
        inFlight: inFlight.reduce((total, line) => total + line.recipients, 0),
        spared: [...counted.spared].map(([state, tally]) => ({ state, ...tally })),
        examples: exampleLines(counted),
        notes: [...(await unknownNames(caller, plan.filter)), ...notesOf(plan, counted)],
        expiresAt: new Date(nowMs + TOKEN_LIFETIME_MS).toISOString(),
      }
    },

    /** Begins what was previewed. Workers do it in batches. Throws `conflict` where it is another set than was shown. */
    async act(caller: QueueCaller, named: NamedPreview): Promise<ActView> {
      const plan = readToken(named.token)
      if (plan.origin !== caller.origin || plan.workspaceId !== caller.workspaceId)
        throw invalidField('token', 'was answered to somebody else', 'Ask for a preview of your own.')
      const nowMs = deps.nowMs()
      if (Math.abs(nowMs - plan.atMs) > TOKEN_LIFETIME_MS)
        throw new Fault('conflict', {
          detail: 'The preview is older than ten minutes. Nothing was done; ask for a new one.',
        })
      if (named.expected !== plan.shown)
        throw invalidField(
          'expected',
          `is ${named.expected}, and the preview showed ${plan.shown}`,
          'Name the number of recipients that the preview showed.',
        )
      await requireSame(caller, plan)
      const id = deps.newId()
      await withFaults(
        write(caller, (db) =>
          insertAct(db, {
            id,
            kind: plan.kind,
            origin: caller.origin,
            workspaceId: caller.workspaceId,
            actor: caller.actor,
            reason: named.reason,
            filter: plan.filter,
            shown: plan.shown,
            until: plan.untilMs === null ? null : new Date(plan.untilMs),
            graceSeconds: plan.graceSeconds,
            spreadSeconds: plan.spreadSeconds,
          }),
        ),
      )
      return one(caller, id)
    },

    async acts(
      caller: QueueCaller,
      query: { readonly limit: number; readonly cursor?: string | undefined; readonly state: 'open' | 'all' },
    ): Promise<{ data: ActView[]; nextCursor: string | null }> {
      const before = idOfCursor(query.cursor)
      const rows = await read(caller)((db) =>
        selectActs(db, {
          ...caller,
          id: null,
          before,
          isOpen: query.state === 'open',
          rowsMax: query.limit + 1,
        }),
      )
      return page(
        rows,
        query.limit,
        (row) => viewAct(row, isOwn(caller, row)),
        (row) => idCursor(row.id),
      )
    },

    getAct: (caller: QueueCaller, id: string): Promise<ActView> => one(caller, idOf('queueAct', id)),

    /** Stops an act that is at work where it is. Throws `conflict` where there is nothing to stop. */
    async cancel(caller: QueueCaller, id: string): Promise<ActView> {
      const actId = idOf('queueAct', id)
      await withFaults(
        write(caller, (db) => cancelAct(db, { ...caller, actId })),
        () => missing('queueAct', actId),
      )
      return one(caller, actId)
    },

    /** Ends an act and takes back what it did, as far as that can be. Throws `conflict` where nothing can be taken back. */
    async undo(caller: QueueCaller, id: string, reason: string): Promise<ActView> {
      const actId = idOf('queueAct', id)
      const undone = await withFaults(
        write(caller, (db) => undoAct(db, { ...caller, id: deps.newId(), actId, reason })),
        () => missing('queueAct', actId),
      )
      return one(caller, undone)
    },
  }

  /** Says of sites and providers that nobody knows; an act on them is no mistake by itself, and most often one. */
  async function unknownNames(
    caller: QueueCaller,
    { sites = [], providers = [] }: Plan['filter'],
  ): Promise<string[]> {
    if (deps.bearings === null || sites.length + providers.length === 0) return []
    const known = await read(caller)((db) => selectKnownSites(db, sites, providers))
    const bearings = await bearingsFor(caller)
    const strangers = providers.filter(
      (name) => !bearings?.providers.includes(name) && !known.some(({ provider }) => provider === name),
    )
    return [
      ...sites
        .filter((name) => !known.some(({ site }) => site === name))
        .map((name) => `No mail has gone to a site "${name}" so far: this names nothing that is known.`),
      ...strangers.map((name) => {
        const meant = bearings?.nearestProvider(name)
        return `No rule and no site knows a provider "${name}": this names nothing that is known.${meant == null ? '' : ` Did you mean ${meant}?`}`
      }),
    ]
  }

  async function planOf(caller: QueueCaller, wanted: WantedAct, nowMs: number): Promise<Plan> {
    const { act, filter } = wanted
    if (act === 'pause') requireStanding(filter)
    return {
      kind: act,
      origin: caller.origin,
      workspaceId: caller.workspaceId,
      // A pause stops what comes later too; all else is about what was there when it was shown.
      filter: await storedFilter(
        filter,
        (domains) => destinationsOf(caller, domains),
        act === 'pause' ? null : nowMs,
      ),
      untilMs: untilOf(wanted, nowMs),
      graceSeconds: onlyOf(wanted, 'expire', 'graceSeconds') ?? GRACE_SECONDS,
      spreadSeconds: onlyOf(wanted, 'requeue', 'spreadSeconds') ?? SPREAD_SECONDS,
      shown: 0,
      isComplete: false,
      atMs: nowMs,
    }
  }
}

/** Row-level security is bound to the workspace of a member, and to none for those who run the installation. */
function boundTo(caller: QueueCaller): string {
  return caller.origin === 'workspace' ? (caller.workspaceId ?? NO_WORKSPACE) : NO_WORKSPACE
}

function isOwn(caller: QueueCaller, row: ActRow): boolean {
  return caller.origin !== 'workspace' || row.workspace_id === caller.workspaceId
}

function untilOf(wanted: WantedAct, nowMs: number): number | null {
  if (wanted.until === undefined) return null
  if (wanted.act !== 'pause') throw invalidField('until', 'is for a pause', 'Leave it out.')
  const untilMs = Date.parse(wanted.until)
  if (untilMs <= nowMs) throw invalidField('until', 'is past', 'Give an instant in the future.')
  if (untilMs > nowMs + PAUSE_DAYS_MAX * DAY_MS)
    throw invalidField(
      'until',
      'is more than a year ahead',
      'Leave it out: then the pause stands until resumed.',
    )
  return untilMs
}

function onlyOf(
  wanted: WantedAct,
  act: ActKind,
  field: 'graceSeconds' | 'spreadSeconds',
): number | undefined {
  const value = wanted[field]
  if (value !== undefined && wanted.act !== act) throw invalidField(field, `is for ${act}`, 'Leave it out.')
  return value
}

function notesOf(plan: Plan, counted: Counted): string[] {
  const of = (state: string): number =>
    [...counted.byState.values()].reduce(
      (total, line) => total + (line.state === state ? line.recipients : 0),
      0,
    )
  const held = of('held')
  const sparedHeld = counted.spared.get('held')?.recipients ?? 0
  const notes: string[] = []
  if (plan.kind === 'pause') notes.push('It stops what is accepted later, too, until it is resumed.')
  if (of('in flight') > 0 && plan.kind !== 'requeue')
    notes.push(
      `${of('in flight')} are being attempted: some of them will be delivered, the others are taken when they come back.`,
    )
  if (held > 0 && plan.kind !== 'release')
    notes.push(`${held} are held by something else already; they are free only when both are over.`)
  if (plan.kind === 'release' && sparedHeld > 0)
    notes.push(
      `${sparedHeld} are held by a pause, by an act that is not yours, or because their sender is new: they stay held.`,
    )
  if (of('contained') > 0) notes.push(`${of('contained')} are contained; that is not touched.`)
  if (plan.kind === 'expire')
    notes.push(
      plan.graceSeconds === 0
        ? 'They end at once, and cannot be brought back.'
        : `They are held first. Until ${plan.graceSeconds} seconds after the act it can be undone; then they end, and cannot be brought back.`,
    )
  if (!counted.isComplete)
    notes.push('There is more than could be counted in time; the numbers are the least.')
  return notes
}

/** What the functions of the engine refuse, as faults. */
async function withFaults<T>(
  work: Promise<T>,
  absent = () => new Fault('not_found', { detail: 'There is no such workspace.' }),
): Promise<T> {
  try {
    return await work
  } catch (error) {
    const detail = error instanceof Error ? sentence(error.message) : ''
    switch (errorCode(error) ?? '') {
      case 'BH404':
      // The foreign key to the workspace.
      case '23503':
        throw absent()
      case 'BH403':
      case 'BH409':
        throw new Fault('conflict', { detail, cause: error })
      default:
        throw error
    }
  }
}

function lookFilter({ lane, site, provider, pool }: QueueLook): Plan['filter'] {
  return {
    ...(lane === undefined ? {} : { lanes: [lane] }),
    ...(site === undefined ? {} : { sites: [site] }),
    ...(provider === undefined ? {} : { providers: [provider] }),
    ...(pool === undefined ? {} : { pools: [pool] }),
  }
}

type Naming = { readonly workspaceId?: string | undefined }

/** How those who run the installation call: on the mail of all, or of one workspace that they name by its id. */
export const callerFrom =
  (origin: 'operator' | 'staff') =>
  ({ actor }: { readonly actor: string }, { workspaceId }: Naming): QueueCaller => ({
    origin,
    workspaceId: workspaceId === undefined ? null : idOf('workspace', workspaceId),
    actor,
  })
