import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { decodeId } from '../kernel/ids.ts'
import { firstRunUrl } from '../modules/accounts/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { OperationContext } from '../platform/http/operation.ts'
import type { TenantTransactions } from '../platform/postgres/tenant.ts'
import { ALL_SCOPES, UNBOUND } from '../security/access/index.ts'
import type { createAuditOutbox } from '../security/audit/index.ts'
import type { ApiServices } from '../surfaces/api/registry.ts'

const Setup = z.object({
  apiUrl: z.string(),
  consoleUrl: z.string(),
  workspaceId: z.string(),
  apiKey: z.string(),
  from: z.string(),
  smtp: z.object({ host: z.string(), port: z.number(), username: z.string(), password: z.string() }),
  firstRun: z
    .object({ token: z.string(), url: z.string(), expiresAt: z.iso.datetime() })
    .nullable()
    .default(null),
})
type Setup = z.output<typeof Setup>

export interface DevelopmentDependencies {
  readonly config: Config
  readonly services: ApiServices
  readonly transactions: TenantTransactions
  readonly audit: ReturnType<typeof createAuditOutbox>
  readonly log: Logger
}

const FIRST_DOMAIN = 'example.test'
const TRIES = 20

/**
 * Development only: a first workspace with a key, an SMTP credential and a domain, so that the first mail needs no set-up, and, until it has
 * an owner, a link that makes one. It is kept in `development.json` in the data directory and, where asked for, written to BULKHEAD_SETUP_FILE; both mode 0600.
 */
export async function prepareDevelopment(deps: DevelopmentDependencies): Promise<Setup> {
  const path = join(deps.config.dataDirectory, 'development.json')
  const kept = read(path)
  const made = withAddresses(kept ?? (await patiently(() => create(deps), deps.log)), deps.config)
  const setup = { ...made, firstRun: await patiently(() => offer(deps, made), deps.log) }
  write(path, setup)
  const { setupFile } = deps.config
  if (setupFile !== null && !existsSync(setupFile)) write(setupFile, setup)
  return setup
}

/** The keyring may still be starting. */
async function patiently<T>(work: () => Promise<T>, log: Logger): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === TRIES) throw error
      log.warn({ err: error }, 'The first workspace could not be made yet; trying again')
      await wait(500)
    }
  }
}

/** Null once the workspace has an owner. */
async function offer(
  { services, config }: DevelopmentDependencies,
  { workspaceId, firstRun }: Setup,
): Promise<Setup['firstRun']> {
  const kept = firstRun === null ? null : { token: firstRun.token, expiresAt: new Date(firstRun.expiresAt) }
  const link = await services.accounts.firstRun.offer(workspaceId, kept)
  if (link === null) return null
  return {
    token: link.token,
    url: firstRunUrl(config.publicUrl, link),
    expiresAt: link.expiresAt.toISOString(),
  }
}

async function create({ config, services, transactions, audit }: DevelopmentDependencies): Promise<Setup> {
  const actor = 'system:development'
  const { workspace, apiKey } = await services.workspaces.create(actor, 'Development')
  const workspaceId = decodeId('workspace', workspace.id)
  if (workspaceId === null) throw new Error('a workspace was made without an id')
  const caller: Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'> = {
    workspaceId,
    principal: { kind: 'api_key', id: apiKey.id, workspaceId, scopes: [...ALL_SCOPES], bounds: UNBOUND },
    read: (work) => transactions.read(workspaceId, work),
    act: (work) =>
      transactions.write(workspaceId, async (db) => {
        let target: string | null = null
        const result = await work(db, (about) => {
          target = about
        })
        await audit.record(db, { workspaceId, actor, action: 'development.prepared', target, detail: {} })
        return result
      }),
  }
  await services.domains.add(caller, FIRST_DOMAIN)
  const credential = await services.smtpCredentials.create(caller, { name: 'Development' })
  return withAddresses(
    {
      apiUrl: '',
      consoleUrl: '',
      workspaceId: workspace.id,
      apiKey: apiKey.key,
      from: `hello@${FIRST_DOMAIN}`,
      smtp: { host: '', port: 0, username: credential.username, password: credential.password },
      firstRun: null,
    },
    config,
  )
}

/** Addresses follow the configuration of this start, keys are those of the first. */
function withAddresses(setup: Setup, config: Config): Setup {
  return {
    ...setup,
    apiUrl: config.publicUrl,
    consoleUrl: `${config.publicUrl}/#token=${setup.apiKey}`,
    smtp: { ...setup.smtp, host: config.submission.host, port: config.submission.port },
  }
}

function read(path: string): Setup | undefined {
  if (!existsSync(path)) return undefined
  const parsed = Setup.safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!parsed.success) throw new Error(`${path} is not what a start writes; move it away and start again`)
  return parsed.data
}

function write(path: string, setup: Setup): void {
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(setup, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}
