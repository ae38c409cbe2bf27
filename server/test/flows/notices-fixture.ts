import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sink } from '../../../bench/sink.ts'
import { normaliseForIndex } from '../../src/kernel/email-address.ts'
import { INSTALLATION_WORKSPACE } from '../../src/kernel/installation.ts'
import { createAlertDispatchStore, createProfileReconcile } from '../../src/modules/notices/index.ts'
import { createWebhookDispatcher } from '../../src/modules/webhooks/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { seal } from '../../src/platform/sealing/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import {
  createCredentialPepper,
  createPeopleAccess,
  membershipDigest,
} from '../../src/security/access/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

export interface Owner {
  readonly personId: string
  readonly memberId: string
  readonly email: string
  /** Of a whole session with a second factor. */
  readonly token: string
}

export interface HookReceiver extends AsyncDisposable {
  readonly url: string
  /** Parsed bodies with the time of arrival. */
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies are looked into by tests only
  readonly received: { readonly atMs: number; readonly body: any }[]
}

export interface NoticesWorld extends AsyncDisposable {
  readonly api: ApiFixture
  /** Where mail goes: letters of the installation and mail of workspaces. */
  readonly sink: Sink
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  reconcile: ReturnType<typeof createProfileReconcile>
  owner(workspaceUuid: string, email: string, role?: string): Promise<Owner>
  /** Makes a workspace and all that is in it two days old. */
  age(workspaceUuid: string): Promise<void>
  /** A workspace with a verified domain, two owners, a webhook, two days old. */
  established(name: string): Promise<Established>
  /** Letters that came to an address, whole. */
  letters(email: string): string[]
}

export interface Established extends TestWorkspace {
  readonly owners: readonly [Owner, Owner]
  readonly hook: HookReceiver
  readonly webhookId: string
}

const log = createLogger({ name: 'notices', level: 'error' })

/** The api with its letters, the worker's part and a sender, as the processes put them together. `reconcileMs` 0: the test calls it. */
export async function startNoticesWorld(
  options: { readonly reconcileMs?: number; readonly letters?: boolean } = {},
): Promise<NoticesWorld> {
  const resources = new AsyncDisposableStack()
  const api = resources.use(await startApi())
  const audit = startAudit(api.database)
  resources.use(audit)
  const sink = resources.use(await startTestSink())
  resources.use(await startRelayingEngine(api, sink))
  const worker = api.database.pool('bulkhead_worker')
  const containment = resources.use(await startContainmentWatch({ pool: worker, log, actorClass: 'worker' }))
  const egress = createEgress({
    resolver: createResolver({ servers: ['127.0.0.1:9'], timeoutMs: 200, tries: 1 }),
    allowPrivateTargets: true,
  })
  resources.use(egress)
  const stop = new AbortController()
  const reconcile = createProfileReconcile({ pool: worker, log })
  const dispatcher = createWebhookDispatcher({
    pool: worker,
    keyring: api.keyring('worker'),
    containment,
    egress,
    log,
    retryScale: 0.001,
    store: createAlertDispatchStore(worker),
  })
  const running: Promise<unknown>[] = [dispatcher.run(stop.signal)]
  if (options.letters !== false) running.push(api.notices.run(stop.signal))
  if (options.reconcileMs !== undefined)
    running.push(reconciling(reconcile, options.reconcileMs, stop.signal))
  resources.defer(async () => {
    stop.abort()
    await Promise.all(running)
  })
  const people = createPeopleAccess({
    pool: api.database.pool('bulkhead_api'),
    pepper: createCredentialPepper({ keyring: api.keyring('api'), name: 'credential' }),
  })
  const sql = async (text: string, values: readonly unknown[] = []) =>
    (await api.database.pool('superuser').query<Record<string, unknown>>(text, [...values])).rows

  async function owner(workspaceUuid: string, email: string, role = 'owner'): Promise<Owner> {
    const personId = randomUUID()
    const memberId = randomUUID()
    const keyring = api.keyring('api')
    const key = await keyring.contentKey(INSTALLATION_WORKSPACE)
    const [blind] = await keyring.blindAddresses(INSTALLATION_WORKSPACE, [normaliseForIndex(email)])
    const place = {
      workspaceId: INSTALLATION_WORKSPACE,
      table: 'account.person',
      column: 'sealed_email',
      rowId: personId,
    }
    await sql('insert into account.person (id, email_index, sealed_email) values ($1, $2, $3)', [
      personId,
      blind!.index,
      seal(key, place, Buffer.from(email)),
    ])
    const [binding] = await keyring.pepper('credential', [
      membershipDigest({
        id: memberId,
        workspaceId: workspaceUuid,
        personId,
        role,
        permissionSetId: null,
      }),
    ])
    await sql(
      `with act as (
         insert into audit_outbox (id, workspace_id, actor, action, target, detail)
         values ($5, $2, 'operator:installation', 'invitation.accepted', null, jsonb_build_object('member', $1::uuid)))
       insert into member (id, workspace_id, person_id, role, created_by, binding) values ($1, $2, $3, $4, 'operator:installation', $6)`,
      [memberId, workspaceUuid, personId, role, randomUUID(), binding],
    )
    const session = await people.issue({
      personId,
      level: 'full',
      factor: 'totp',
      hours: 1,
      sessionId: randomUUID(),
      device: null,
      clientKey: null,
    })
    return { personId, memberId, email, token: session.token.reveal() }
  }

  async function age(workspaceUuid: string): Promise<void> {
    await sql(`update workspace set created_at = created_at - interval '2 days' where id = $1`, [
      workspaceUuid,
    ])
    await sql(
      `update notices.contact set joined_at = joined_at - interval '2 days', since = since - interval '2 days' where workspace_id = $1`,
      [workspaceUuid],
    )
  }

  return {
    api,
    sink,
    sql,
    reconcile,
    owner,
    age,
    letters: (email) =>
      sink
        .messages()
        .filter((message) => message.recipients.includes(email))
        .map((message) => message.raw.toString()),
    async established(name) {
      const workspace = await sendingWorkspace(api)
      const hook = resources.use(await startHook())
      const made = await api.call(workspace.key, 'POST', '/v1/webhooks', { url: hook.url })
      if (made.status !== 201) throw new Error(made.text)
      const owners = [
        await owner(workspace.uuid, `first@${name}.test`),
        await owner(workspace.uuid, `second@${name}.test`),
      ] as const
      await age(workspace.uuid)
      // What was set up is told too; the tests look at what comes after.
      await sql(`delete from notices.notice where workspace_id = $1`, [workspace.uuid])
      await reconcile()
      return { ...workspace, owners, hook, webhookId: made.body.id }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

async function reconciling(
  reconcile: () => Promise<unknown>,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await reconcile()
    await new Promise((done) => {
      const timer = setTimeout(done, everyMs)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        done(undefined)
      })
    })
  }
}

/** The other end of a webhook. */
export async function startHook(): Promise<HookReceiver> {
  const received: { atMs: number; body: unknown }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ atMs: performance.now(), body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
