import { Fault } from '../../kernel/faults.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { KeyringClient, OpenedKeys } from '../../platform/keyring-client/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { insertAlert } from '../../security/detection/index.ts'
import { plainName, writeLetter } from '../system-mail/index.ts'
import type { SystemMail } from '../system-mail/index.ts'
import { alertWords } from './alert-words.ts'
import { keyIdsOf, openIn } from './opening.ts'
import { claimNotices, settleNotices } from './notices-store.ts'
import type { ClaimedNotice } from './notices-store.ts'

/** What somebody should hear of. */
export interface Alert {
  /** `<noun>.<verb>`, lower case. */
  readonly kind: string
  /** medium: the person alone, or the contacts of the workspace. high and critical: also the owners wherever the person is a member. */
  readonly severity: 'medium' | 'high' | 'critical'
  readonly workspaceId?: string | null
  readonly personId?: string | null
  /** What it is about, at most 100 characters and nothing personal; the same again within `quietSeconds` is counted, and told once. */
  readonly about: string
  /** Default 3,600. */
  readonly quietSeconds?: number
  /** Counts and ids, nothing personal. */
  readonly detail?: Readonly<Record<string, unknown>>
}

export interface Notices {
  /** Raises an alert: on the list, and to all whom it concerns by mail and webhook within seconds. Answers its id, null where one goes on. */
  tell(alert: Alert): Promise<string | null>
  /** Writes the letters that are due; answers how many notices were settled. */
  deliver(): Promise<number>
  /** Delivers until the signal aborts; in any number of processes. */
  run(signal: AbortSignal): Promise<void>
}

const EVERY_MS = 1_000
const AT_ONCE = 100
const LEASE_SECONDS = 60
const HOURLY = 20
const RETRY_SECONDS = [5, 10, 20, 60, 300, 900, 3_600] as const
/** With the pauses above about three days. */
const TRIES_MAX = 75

/** Notices: see the slice's door for what holds. */
export function createNotices(deps: {
  readonly pool: Queryable
  readonly keyring: Pick<KeyringClient, 'openContentKeys'>
  readonly systemMail: Pick<SystemMail, 'send'>
  readonly log: Logger
  /** Letters to a person within an hour before the rest becomes one letter. */
  readonly hourly?: number
}): Notices {
  const { pool } = deps

  async function deliver(): Promise<number> {
    const claimed = await claimNotices(pool, AT_ONCE, LEASE_SECONDS, deps.hourly ?? HOURLY)
    if (claimed.length === 0) return 0
    const keys = await openKeys(claimed)
    const letters = [
      ...claimed.filter((row) => !row.is_digest).map((row) => [row]),
      ...Map.groupBy(
        claimed.filter((row) => row.is_digest),
        // By address too: for a day after a change of it a person has two, and one may be a thief's.
        (row) => (row.person_id === null ? row.id : `${row.person_id} ${row.sealed_email?.toString('hex')}`),
      ).values(),
    ]
    for (const rows of letters) await write(rows, keys)
    return claimed.length
  }

  /** One call for all addresses; one for each workspace whose sender is named. A key that is gone leaves the name out. */
  async function openKeys(claimed: readonly ClaimedNotice[]): Promise<OpenedKeysOf> {
    const addresses = claimed.map((row) => row.sealed_email)
    const people = await deps.keyring.openContentKeys(INSTALLATION_WORKSPACE, keyIdsOf(addresses), 'notice')
    const workspaces = new Map<string, OpenedKeys>()
    for (const [workspaceId, rows] of Map.groupBy(claimed, (row) => row.workspace_id)) {
      const ids = keyIdsOf(rows.map((row) => row.sealed_subject))
      if (workspaceId === null || ids.length === 0) continue
      try {
        workspaces.set(workspaceId, await deps.keyring.openContentKeys(workspaceId, ids, 'notice'))
      } catch (error) {
        // The letter is more than the name in it.
        deps.log.warn({ err: error, workspaceId }, 'A sender could not be named in a notice')
      }
    }
    return { people, workspaces }
  }

  async function write(rows: readonly ClaimedNotice[], keys: OpenedKeysOf): Promise<void> {
    const [first] = rows
    if (first === undefined) return
    const ids = rows.map((row) => row.id)
    try {
      const email = openEmail(first, keys)
      if (email === null) {
        await settleNotices(pool, ids, { state: 'failed', error: 'the address cannot be opened any more' })
        return
      }
      const letter = first.is_digest ? digest(rows, keys) : single(first, keys)
      await deps.systemMail.send({
        kind: first.is_digest ? 'digest' : first.kind,
        to: email,
        ...letter,
        dedupe: `notice ${first.id}`,
        lasting: true,
      })
      await settleNotices(pool, ids, { state: 'sent', error: null })
    } catch (error) {
      const reason = error instanceof Fault ? error.detail : 'the letter could not be written'
      deps.log.warn({ err: error, notice: first.id }, 'A notice could not be mailed; it is tried again')
      const pauseSeconds = RETRY_SECONDS[Math.min(first.attempts, RETRY_SECONDS.length - 1)] ?? 3_600
      await settleNotices(
        pool,
        ids,
        first.attempts + 1 >= TRIES_MAX
          ? { state: 'failed', error: reason }
          : { state: 'pending', error: reason, pauseSeconds },
      )
    }
  }

  return {
    tell: (alert) =>
      insertAlert(pool, {
        kind: alert.kind,
        severity: alert.severity,
        workspaceId: alert.workspaceId ?? null,
        personId: alert.personId ?? null,
        about: alert.about,
        quietSeconds: alert.quietSeconds ?? 3_600,
        detail: alert.detail ?? {},
      }),
    deliver,
    run: (signal) =>
      runLoop({
        name: 'notices',
        everyMs: EVERY_MS,
        log: deps.log,
        signal,
        // A round that found something is followed by another at once.
        round: async () => ((await deliver()) > 0 ? 0 : undefined),
      }),
  }
}

interface OpenedKeysOf {
  readonly people: OpenedKeys
  readonly workspaces: ReadonlyMap<string, OpenedKeys>
}

function openEmail(row: ClaimedNotice, keys: OpenedKeysOf): string | null {
  if (row.person_id === null || row.sealed_email === null) return null
  const place = {
    workspaceId: INSTALLATION_WORKSPACE,
    table: 'account.person',
    column: 'sealed_email',
    rowId: row.person_id,
  }
  return openIn(keys.people, place, row.sealed_email)
}

function subjectOf(row: ClaimedNotice, keys: OpenedKeysOf): string | null {
  const { sealed_subject: sealed, workspace_id: workspaceId, change_row: rowId } = row
  if (sealed === null || workspaceId === null || rowId === null) return row.change_label
  const place = { workspaceId, table: 'sender', column: 'sealed_email', rowId }
  return openIn(keys.workspaces.get(workspaceId), place, sealed) ?? 'an address that does not open'
}

function single(row: ClaimedNotice, keys: OpenedKeysOf): { readonly subject: string; readonly text: string } {
  const more = alertWords({
    kind: row.kind,
    severity: row.severity,
    detail: row.detail,
    change:
      row.change_kind === null
        ? null
        : {
            kind: row.change_kind,
            label: subjectOf(row, keys),
            actor: row.change_actor,
            process: row.change_process ?? '',
            inertUntil: row.change_inert_until,
          },
  })
  return writeLetter(row.workspace_id === null ? 'account_alert' : 'security_alert', {
    at: row.happened_at,
    workspace: row.workspace_name ?? '',
    more,
  })
}

/** Names of what is new in a letter of the hour; beyond it there is `bulkhead changes list`. */
const NAMED_MAX = 50

/** By workspace, so that a flood in one does not hide what happens in another; what waits is named, so that it can be rejected in time. */
function digest(
  rows: readonly ClaimedNotice[],
  keys: OpenedKeysOf,
): { readonly subject: string; readonly text: string } {
  const parts = [...Map.groupBy(rows, (row) => row.workspace_id)].map(([id, found]) => {
    const counts = Map.groupBy(found, (row) => `${row.change_kind ?? row.kind} (${row.severity})`)
    const waiting = found.filter((row) => row.change_inert_until !== null)
    const names = waiting.slice(0, NAMED_MAX).map((row) => `${row.change_kind}: ${subjectOf(row, keys)}`)
    const name = plainName(found[0]?.workspace_name ?? '')
    return [
      id === null ? 'Your account:' : `Workspace ${name === '' ? 'without a name' : `"${name}"`}:`,
      ...[...counts].map(([what, group]) => `${group.length} × ${what}`),
      ...(names.length === 0 ? [] : ['New, and waiting:', ...names]),
      ...(waiting.length > NAMED_MAX
        ? [`and ${waiting.length - NAMED_MAX} more: bulkhead changes list`]
        : []),
    ].join('\n')
  })
  const last = rows.at(-1)
  return writeLetter('digest', { at: last?.happened_at ?? new Date(0), more: parts.join('\n\n') })
}
