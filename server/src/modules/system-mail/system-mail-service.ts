import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { parseMailbox } from '../../kernel/email-address.ts'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { INSTALLATION_WORKSPACE } from '../../kernel/installation.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Domains } from '../domains/index.ts'
import type { Messages } from '../messages/index.ts'
import { letterHtml, writeLetter } from './letters.ts'
import { findDomainId, insertInstallation, selectWaiting } from './system-mail-store.ts'
import type { SystemMailState } from './system-mail-views.ts'

/** One letter to one person. */
export interface SystemLetter {
  /** What it is about, `reset` for instance: a tag of the message. */
  readonly kind: string
  readonly to: string
  readonly subject: string
  readonly text: string
  /** The same letter asked for again within 24 hours is not sent again. */
  readonly dedupe: string
  /**
   * For notices without a link: tried for three days instead of four hours, and allowed past a relay. Default: the letter is sensitive,
   * its content readable by nobody and its key destroyed.
   */
  readonly lasting?: boolean
}

export interface SystemMail {
  /** Makes the workspace of the installation where it is missing. Throws where the database is away. */
  ensureInstallation(): Promise<void>
  /** Makes its sending domain too. Throws where the keyring is away. Sending does it by itself. */
  ensureDomain(): Promise<void>
  /**
   * Resolves once the letter is committed. Throws `unavailable` where BULKHEAD_SYSTEM_FROM is unset or its domain is not verified yet:
   * try again later.
   */
  send(letter: SystemLetter): Promise<{ readonly messageId: string }>
  /** Whether system mail can be sent, and what is missing. */
  state(): Promise<z.output<typeof SystemMailState>>
  /** Sends the test letter. */
  test(actor: string, to: string): Promise<{ readonly messageId: string }>
}

const ACTOR = 'system:mail'
const LASTING_MS = 3 * 86_400_000 - 60_000

/** System mail: see the slice's door for what holds. `from` null: nothing is sent, and `state` says what is missing. */
export function createSystemMail(deps: {
  readonly messages: Pick<Messages, 'send'>
  readonly domains: Pick<Domains, 'add' | 'get'>
  readonly transactions: TenantTransactions
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly from: string | null
  /** False where a relay could read sensitive mail: letters with links are refused then. */
  readonly sensitiveMayLeave: boolean
  readonly now: () => number
}): SystemMail {
  const { transactions } = deps
  const parsed = deps.from === null ? null : parseMailbox(deps.from)
  if (parsed !== null && !parsed.ok) throw new Error(`BULKHEAD_SYSTEM_FROM ${parsed.problem}`)
  const from = parsed === null ? null : parsed.address

  const ensureInstallation = once(() =>
    transactions.write(INSTALLATION_WORKSPACE, async (db) => {
      if (!(await insertInstallation(db, INSTALLATION_WORKSPACE))) return
      await record(db, ACTOR, 'installation.prepared', encodeId('workspace', INSTALLATION_WORKSPACE), {})
    }),
  )

  const ensureDomain = once(async () => {
    await ensureInstallation()
    if (from === null || (await domainId(from.domain)) !== undefined) return
    try {
      await deps.domains.add(caller, from.domain)
    } catch (error) {
      // Another process was first.
      if (!(error instanceof Fault) || error.code !== 'conflict') throw error
    }
  })

  function record(
    db: TenantDatabase,
    actor: string,
    action: string,
    target: string | null,
    detail: Record<string, unknown>,
  ): Promise<void> {
    // Of no workspace: the operator reads these records, and nobody is a member of the installation's workspace.
    return deps.recordAudit(db, { workspaceId: null, actor, action, target, detail })
  }

  const caller: Parameters<Domains['add']>[0] = {
    workspaceId: INSTALLATION_WORKSPACE,
    read: (work) => transactions.read(INSTALLATION_WORKSPACE, work),
    act: (work) =>
      transactions.write(INSTALLATION_WORKSPACE, async (db) => {
        let about: { target: string | null; detail: Record<string, unknown> } = { target: null, detail: {} }
        const result = await work(db, (target, detail = {}) => {
          about = { target, detail }
        })
        await record(db, ACTOR, 'system_mail.domain_added', about.target, about.detail)
        return result
      }),
  }

  function domainId(name: string): Promise<string | undefined> {
    return caller.read((db) => findDomainId(db, INSTALLATION_WORKSPACE, name))
  }

  async function send(letter: SystemLetter): Promise<{ readonly messageId: string }> {
    if (from === null) throw unset()
    await ensureDomain()
    const { kind, to, subject, text, dedupe } = letter
    const lasting = letter.lasting === true
    try {
      const accepted = await deps.messages.send(
        {
          from: deps.from ?? '',
          to,
          subject,
          text,
          html: letterHtml(text),
          headers: { 'Auto-Submitted': 'auto-generated' },
          tags: ['system', kind.replaceAll(/[^\w.-]/g, '-').slice(0, 64)],
          lane: 'critical',
          sensitive: !lasting,
          ...(lasting ? { expiresAt: new Date(deps.now() + LASTING_MS).toISOString() } : {}),
        },
        {
          workspaceId: INSTALLATION_WORKSPACE,
          actor: ACTOR,
          idempotencyKey: dedupe,
          bodyHash: createHash('sha256')
            .update(JSON.stringify([kind, to, dedupe]))
            .digest(),
        },
        'api',
      )
      return { messageId: encodeId('message', accepted.id) }
    } catch (error) {
      if (error instanceof Fault && error.code === 'sender_refused') throw unverified(from.domain)
      throw error
    }
  }

  return {
    ensureInstallation,
    ensureDomain,
    send,

    async state() {
      if (from === null)
        return { ready: false, from: null, domain: null, waiting: 0, oldestDue: null, problems: [UNSET] }
      await ensureDomain()
      const id = await domainId(from.domain)
      const domain = id === undefined ? null : await deps.domains.get(caller, id)
      const { waiting, oldest } = await caller.read((db) => selectWaiting(db, INSTALLATION_WORKSPACE))
      const problems = [
        ...(domain?.state === 'verified' ? [] : [unverified(from.domain).detail]),
        ...(deps.sensitiveMayLeave ? [] : [THIRD_PARTY]),
      ]
      return {
        ready: problems.length === 0,
        from: deps.from,
        domain,
        waiting,
        oldestDue: oldest?.toISOString() ?? null,
        problems,
      }
    },

    async test(actor, to) {
      const at = new Date(deps.now())
      const sent = await send({
        kind: 'test',
        to,
        ...writeLetter('test', { at }),
        dedupe: `test ${at.toISOString()}`,
        lasting: true,
      })
      await transactions.write(INSTALLATION_WORKSPACE, (db) =>
        record(db, actor, 'system_mail.tested', sent.messageId, {}),
      )
      return sent
    },
  }
}

/** Work that is done once in the life of the process; where it fails, whoever needs it next tries again. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined
      throw error
    })
    return done
  }
}

const UNSET =
  'BULKHEAD_SYSTEM_FROM is unset: sign-up, reset, invitations and security notices send no mail. Set it to an address whose domain you can publish DNS records for, such as "Bulkhead <no-reply@mail.example.com>", and start again.'
const THIRD_PARTY =
  'Outgoing mail passes a relay that could read it, so letters with links are refused. Send directly (BULKHEAD_OUTBOUND=direct), or allow it with BULKHEAD_SENSITIVE_VIA_RELAY=on.'

function unset(): Fault {
  return new Fault('unavailable', { detail: UNSET })
}

function unverified(domain: string): Fault {
  return new Fault('unavailable', {
    detail: `The domain ${domain} of BULKHEAD_SYSTEM_FROM is not verified: publish the records that bulkhead system-mail show lists.`,
  })
}
