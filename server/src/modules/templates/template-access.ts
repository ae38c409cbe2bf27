import { Fault } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { findTemplate } from './templates-store.ts'
import type { TemplateKey, TemplateRow } from './templates-store.ts'
import { findVersion } from './versions-store.ts'
import type { VersionRow } from './versions-store.ts'

/** Who asks, and where. */
export type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>
export type Reader = Pick<Caller, 'workspaceId' | 'read'>

/** An id or an alias as what the database looks for. No alias begins like an id. */
export function keyOf(reference: string): TemplateKey {
  const id = decodeId('template', reference)
  return id === null ? { alias: reference } : { id }
}

/** The one answer for what does not exist and for what belongs to another workspace. */
export function noTemplate(reference: string): Fault {
  return new Fault('not_found', { detail: `There is no template ${reference} in this workspace.` })
}

/** A template that is not deleted. Throws `not_found`. */
export async function requireTemplate(
  db: TenantDatabase,
  workspaceId: string,
  reference: string,
): Promise<TemplateRow> {
  const template = await findTemplate(db, workspaceId, keyOf(reference))
  if (template === undefined) throw noTemplate(reference)
  return template
}

/** A version of a template. Throws `not_found`. */
export async function requireVersion(
  db: TenantDatabase,
  workspaceId: string,
  template: TemplateRow,
  number: number,
): Promise<VersionRow> {
  const version = await findVersion(db, workspaceId, template.id, number)
  if (version === undefined)
    throw new Fault('not_found', {
      detail: `The template ${template.alias ?? template.name} has no version ${number}.`,
    })
  return version
}

/** Runs work that may meet what others do at the same time. */
export function changedMeanwhile(what: string): Fault {
  return new Fault('conflict', { detail: `${what} was changed meanwhile. Read it again, then try again.` })
}
