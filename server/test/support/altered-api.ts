import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ApiFixture, startApi } from '../flows/api-fixture.ts'
import { alterProduct } from './altered-product.ts'
import type { Alteration } from './altered-product.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
/** What the fixture of the API is made of besides the product. */
const FIXTURE = [
  'server/test/flows/api-fixture.ts',
  'server/test/support/database.ts',
  'server/test/support/cluster.ts',
]

type Start = { readonly startApi: typeof startApi }

/** The API of a product with one protection taken out, as `startApi` starts the real one: for control arms. The schema is the real one's. */
export async function startAlteredApi(
  alterations: readonly Alteration[],
  options: Parameters<typeof startApi>[0] = {},
): Promise<ApiFixture> {
  const altered = alterProduct(alterations)
  for (const file of FIXTURE) {
    mkdirSync(dirname(join(altered.root, file)), { recursive: true })
    cpSync(join(ROOT, file), join(altered.root, file))
  }
  const door = pathToFileURL(join(altered.root, 'server/test/flows/api-fixture.ts')).href
  const fixture: Start = await import(/* @vite-ignore */ door)
  const api = await fixture.startApi(options)
  return {
    ...api,
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]()
      altered[Symbol.dispose]()
    },
  }
}

/** Replaces a piece of a function of the engine in one database; the piece is found exactly once, or it fails. */
export async function alterFunction(
  api: Pick<ApiFixture, 'database'>,
  name: string,
  find: string,
  replace: string,
): Promise<void> {
  const pool = api.database.pool('superuser')
  const { rows } = await pool.query<{ text: string }>(
    `select pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'engine' and p.proname = $1`,
    [name],
  )
  const pieces = (rows[0]?.text ?? '').split(find)
  if (rows.length !== 1 || pieces.length !== 2)
    throw new Error(
      `engine.${name} holds ${pieces.length - 1} times, not once: ${find}. Adapt the control arm.`,
    )
  await pool.query(pieces.join(replace))
}
