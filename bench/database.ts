import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPool } from '../server/src/platform/postgres/index.ts'
import type { Pool } from '../server/src/platform/postgres/index.ts'

/** A pool of one of the product's own roles. */
export function poolOf(data: string, role: string, max: number): Pool {
  return connectAs(data, role, secretOf(data, 'database-roles.json', role), max)
}

/** Two connections that may do everything in the product's database: for filling tables faster than any door takes mail. */
export function superuserPool(data: string): Pool {
  return connectAs(data, 'postgres', secretOf(data, 'postgres.json', 'superuser'), 2)
}

function secretOf(data: string, file: string, name: string): string {
  const secrets: unknown = JSON.parse(readFileSync(join(data, 'secrets', file), 'utf8'))
  const secret =
    typeof secrets === 'object' && secrets !== null ? new Map(Object.entries(secrets)).get(name) : undefined
  if (typeof secret !== 'string') throw new Error(`no password of ${name} in ${data}`)
  return secret
}

/** The embedded server says in postmaster.pid where its socket is (PostgreSQL manual, §68.1). */
function connectAs(data: string, role: string, password: string, max: number): Pool {
  const [file] = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'postmaster.pid')
    .map((entry) => join(entry.parentPath, entry.name))
  if (file === undefined) throw new Error(`no PostgreSQL runs in ${data}`)
  const [, , , port = '', host = ''] = readFileSync(file, 'utf8').split('\n')
  const url = `postgresql://${role}:${encodeURIComponent(password)}@localhost:${port}/bulkhead?host=${encodeURIComponent(host)}`
  return createPool({ url, applicationName: 'bench', max })
}
