import { encodeId } from '../../kernel/ids.ts'
import type { AccountLetters } from './account-letters.ts'
import type { AccountsDependencies } from './accounts-deps.ts'
import type { AccountsStore, PersonRow } from './accounts-store.ts'
import type { AddressVault } from './address-vault.ts'
import { recordName } from './recovery.ts'
import type { OneTimeTokens } from './one-time-tokens.ts'
import type { Listener, RecoveryRow, RecoveryStore } from './recovery-store.ts'

const AT_ONCE = 20
/** DNS is asked, and what is ready is told, this often at most. */
const EVERY_SECONDS = 60
const CANCEL_HOURS = 14 * 24
const FINISH_HOURS = 24
const DAY_MS = 86_400_000

/**
 * Watches over recoveries that wait: tells everybody concerned at once and every day, looks for proofs in DNS, and sends the link once
 * time and approvals are there. A round answers how many it looked at; what fails is looked at again.
 */
export function createRecoveryWatch(
  deps: Pick<AccountsDependencies, 'detection' | 'resolver' | 'log'> & {
    readonly store: Pick<AccountsStore, 'byId'>
    readonly recoveries: RecoveryStore
    readonly vault: AddressVault
    readonly tokens: Pick<OneTimeTokens, 'issue'>
    readonly letters: AccountLetters
    /** How often one is looked at; tests are impatient. */
    readonly everySeconds?: number
  },
): () => Promise<number> {
  const { recoveries, letters } = deps

  async function lookForProofs(row: RecoveryRow): Promise<void> {
    for (const need of row.needs.filter((one) => one.way === 'dns' && one.given < one.needed)) {
      const answers = await Promise.all(need.domains.map((domain) => deps.resolver.txt(recordName(domain))))
      const isThere = answers.some((answer) => answer.kind === 'found' && answer.records.includes(row.proof))
      if (isThere) await recoveries.prove(row.id, need.workspace)
    }
  }

  async function tell(row: RecoveryRow, person: PersonRow): Promise<void> {
    const day = Math.floor((Date.now() - Number(row.created_at)) / DAY_MS)
    const audience = await recoveries.audience(row.id)
    const [own = '', ...others] = await deps.vault.open(
      [
        { place: placeOf(person.id), sealed: person.sealed_email },
        ...audience.map((one) => ({ place: placeOf(one.person_id), sealed: one.sealed_email })),
      ],
      'account.recovery',
    )
    const { token, expiresAt } = await deps.tokens.issue({
      kind: 'cancel_recovery',
      personId: person.id,
      subject: row.id,
      hours: CANCEL_HOURS,
    })
    await letters.send({
      kind: 'recovery_started',
      to: own,
      dedupe: `recovery_started ${row.id} ${day}`,
      at: row.created_at,
      more: progress(row),
      link: { verb: 'cancel-recovery', token, until: expiresAt },
    })
    for (const [n, one] of audience.entries())
      await letters.send({
        kind: 'security_alert',
        to: others[n] ?? '',
        dedupe: `recovery_told ${row.id} ${one.workspace_id} ${one.person_id} ${day}`,
        at: row.created_at,
        workspace: one.name,
        more: whatToDo(row, one),
      })
    for (const workspaceId of new Set([null, ...row.needs.map((need) => need.workspace)]))
      await deps.detection.raise({
        kind: 'recovery.started',
        severity: 'high',
        workspaceId,
        personId: person.id,
        about: row.id,
        quietSeconds: 7 * 86_400,
        detail: { recovery: encodeId('recovery', row.id) },
      })
    await recoveries.noticed(row.id)
  }

  async function invite(row: RecoveryRow, person: PersonRow): Promise<void> {
    const day = Math.floor((Date.now() - Number(row.ready_at)) / DAY_MS)
    const [to = ''] = await deps.vault.open(
      [{ place: placeOf(person.id), sealed: person.sealed_email }],
      'account.recovery',
    )
    const { token, expiresAt } = await deps.tokens.issue({
      kind: 'finish_recovery',
      personId: person.id,
      subject: row.id,
      hours: FINISH_HOURS,
    })
    await letters.send({
      kind: 'recovery_ready',
      to,
      dedupe: `recovery_ready ${row.id} ${day}`,
      link: { verb: 'complete-recovery', token, until: expiresAt },
    })
  }

  /** Days for which the link was sent, so that looking again makes no token for a letter that is not sent. */
  const invited = new Map<string, number>()

  async function watch(id: string, isToTell: boolean): Promise<void> {
    const before = await recoveries.of(id)
    if (before === null) return
    await lookForProofs(before)
    const row = await recoveries.of(id)
    const person = row === null ? null : await deps.store.byId(row.person_id)
    if (row === null || person === null || row.state !== 'waiting') return
    if (isToTell) await tell(row, person)
    const day = Math.floor((Date.now() - Number(row.ready_at)) / DAY_MS)
    if (!row.ready || invited.get(id) === day) return
    await invite(row, person)
    if (invited.size > 1_000) invited.clear()
    invited.set(id, day)
  }

  return async () => {
    const found = await recoveries.look(AT_ONCE, deps.everySeconds ?? EVERY_SECONDS)
    for (const { id, tell: isToTell } of found) {
      try {
        await watch(id, isToTell)
      } catch (error) {
        deps.log.warn({ err: error, recovery: id }, 'A recovery could not be looked at; it is tried again')
      }
    }
    return found.length
  }
}

function placeOf(personId: string) {
  return { table: 'person', column: 'sealed_email', rowId: personId } as const
}

function progress(row: RecoveryRow): string {
  const missing = row.needs.filter((need) => need.given < need.needed)
  const people = missing.filter((need) => need.way === 'people').length
  const parts = [
    `It takes effect on ${row.ready_at.toISOString().slice(0, 10)} at the earliest.`,
    people > 0 ? `Others must approve it in ${people} of your workspaces; ask them yourself.` : null,
    ...missing.filter((need) => need.way === 'dns').map((need) => recordToPublish(need.domains, row.proof)),
  ]
  return parts.filter((part) => part !== null).join(' ')
}

/** What an only owner has to do; this letter is where the value is. */
function recordToPublish(domains: readonly string[], proof: string): string {
  const [domain] = domains
  return domain === undefined
    ? 'One of your workspaces has nobody else and no verified domain: it has no way back.'
    : `Nobody else can approve for one of your workspaces: publish a TXT record ${recordName(domain)} with the value ${proof} and tell the operator of this installation.`
}

function whatToDo(row: RecoveryRow, one: Listener): string {
  const need = row.needs.find((each) => each.workspace === one.workspace_id)
  const id = encodeId('recovery', row.id)
  return need?.way === 'people'
    ? `A member has lost the second factor and asks to recover the account (${id}). Speak with the person, not by mail. Approve it under Members, or with: bulkhead recoveries approve ${id}. If it is not genuine: bulkhead recoveries refuse ${id}.`
    : `The only owner has lost the second factor and asks to recover the account (${id}). If it is not genuine, tell the operator of this installation.`
}
