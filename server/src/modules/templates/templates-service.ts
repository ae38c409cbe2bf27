import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOf, idOfCursor, page } from '../../platform/http/listing.ts'
import { isUniqueViolation } from '../../platform/postgres/index.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { TemplateRenderer } from '../../platform/templates/index.ts'
import { createRendering, type Rendering } from './rendering-service.ts'
import { noTemplate, requireTemplate, requireVersion, type Caller, type Reader } from './template-access.ts'
import { contentOf, openVersion, sealVersion, type Keyring, type WrittenContent } from './template-content.ts'
import { presentPublication, presentTemplate, presentVersion } from './template-views.ts'
import { DELETED_DAYS, TEMPLATES_MAX } from './template.ts'
import type { Template, TemplateDetail } from './template.ts'
import {
  countTemplates,
  findTemplate,
  insertTemplate,
  lockTemplate,
  markDeleted,
  markRestored,
  selectTemplates,
  updateTemplateRow,
} from './templates-store.ts'
import { createVersions, type Versions } from './versions-service.ts'
import { insertVersion, selectPublications } from './versions-store.ts'

export type { RenderedParts, RenderedTemplate } from './rendering-service.ts'

export interface TemplatesDependencies {
  readonly keyring: Keyring
  readonly transactions: Pick<TenantTransactions, 'read'>
  readonly renderer: Pick<TemplateRenderer, 'render'>
  readonly newId: () => string
  readonly nowMs: () => number
}

type View = z.output<typeof Template>
type Detail = z.output<typeof TemplateDetail>

interface Wanted {
  readonly name: string
  readonly alias?: string | undefined
}

export interface Templates extends Versions, Rendering {
  /** Throws `conflict` where the alias is taken, or the workspace has too many. */
  create(caller: Caller, wanted: Wanted & WrittenContent): Promise<Detail>
  list(
    caller: Reader,
    query: {
      readonly search?: string | undefined
      readonly deleted: 'true' | 'false'
      readonly dialects?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Reader, reference: string): Promise<Detail>
  update(
    caller: Caller,
    reference: string,
    change: { readonly name?: string | undefined; readonly alias?: string | null | undefined },
  ): Promise<View>
  remove(caller: Caller, reference: string): Promise<void>
  restore(caller: Caller, id: string): Promise<View>
  duplicate(
    caller: Caller,
    reference: string,
    wanted: { readonly name?: string | undefined; readonly alias?: string | undefined },
  ): Promise<Detail>
}

const PUBLICATIONS_SHOWN = 50

/** Templates: see the slice's door for what holds. */
export function createTemplates(deps: TemplatesDependencies): Templates {
  const { keyring } = deps

  async function get(caller: Reader, reference: string): Promise<Detail> {
    const { workspaceId } = caller
    const found = await caller.read(async (db) => {
      const template = await requireTemplate(db, workspaceId, reference)
      const publications = await selectPublications(db, workspaceId, template.id, PUBLICATIONS_SHOWN)
      const active =
        template.active === null ? null : await requireVersion(db, workspaceId, template, template.active)
      return { template, publications, active }
    })
    const { template, active } = found
    return {
      ...presentTemplate(template),
      active:
        active === null
          ? null
          : presentVersion(
              template,
              active,
              await openVersion(keyring, workspaceId, active, 'templates.get'),
            ),
      publications: found.publications.map(presentPublication),
    }
  }

  async function create(caller: Caller, wanted: Wanted & WrittenContent): Promise<Detail> {
    const { workspaceId, actor } = caller
    const id = deps.newId()
    const sealed = await sealVersion(keyring, workspaceId, deps.newId(), contentOf(wanted))
    await orTaken(wanted.alias, () =>
      caller.act(async (db, about) => {
        if ((await countTemplates(db, workspaceId)) >= TEMPLATES_MAX) {
          throw new Fault('conflict', {
            detail: `This workspace has ${TEMPLATES_MAX} templates, deleted ones of the last ${DELETED_DAYS} days among them, and that is the most. Delete some.`,
          })
        }
        const alias = wanted.alias ?? null
        await insertTemplate(db, { workspaceId, id, name: wanted.name, alias, by: actor })
        await insertVersion(db, workspaceId, id, sealed, actor)
        about(encodeId('template', id), { name: wanted.name, alias, hash: sealed.hash.toString('hex') })
      }),
    )
    return get(caller, encodeId('template', id))
  }

  const versions = createVersions({ ...deps, get })

  return {
    ...versions,
    ...createRendering(deps),
    get,
    create,

    async list(caller, query) {
      const before = idOfCursor(query.cursor)
      const search = query.search === undefined || query.search === '' ? null : query.search.toLowerCase()
      const rows = await caller.read((db) =>
        selectTemplates(db, caller.workspaceId, {
          search,
          isDeleted: query.deleted === 'true',
          dialects: query.dialects?.split(',') ?? null,
          before,
          limit: query.limit + 1,
        }),
      )
      return page(rows, query.limit, presentTemplate, (row) => idCursor(row.id))
    },

    update: (caller, reference, change) =>
      orTaken(change.alias ?? undefined, () =>
        caller.act(async (db, about) => {
          const { workspaceId } = caller
          const { id } = await requireTemplate(db, workspaceId, reference)
          await lockTemplate(db, workspaceId, id)
          const before = await requireTemplate(db, workspaceId, encodeId('template', id))
          const name = change.name ?? before.name
          const alias = change.alias === undefined ? before.alias : change.alias
          await updateTemplateRow(db, workspaceId, id, { name, alias })
          about(encodeId('template', id), {
            name,
            alias,
            before: { name: before.name, alias: before.alias },
          })
          return presentTemplate(await requireTemplate(db, workspaceId, encodeId('template', id)))
        }),
      ),

    remove: (caller, reference) =>
      caller.act(async (db, about) => {
        const template = await requireTemplate(db, caller.workspaceId, reference)
        if (!(await lockTemplate(db, caller.workspaceId, template.id))) throw noTemplate(reference)
        await markDeleted(db, caller.workspaceId, template.id)
        about(encodeId('template', template.id), { name: template.name, alias: template.alias })
      }),

    restore: (caller, reference) => {
      const id = idOf('template', reference)
      return caller.act(async (db, about) => {
        const { workspaceId } = caller
        if (!(await markRestored(db, workspaceId, id))) {
          if ((await findTemplate(db, workspaceId, { id })) === undefined) throw noTemplate(reference)
          throw new Fault('conflict', { detail: 'This template is not deleted.' })
        }
        const template = await requireTemplate(db, workspaceId, reference)
        about(encodeId('template', id), { name: template.name, alias: template.alias })
        return presentTemplate(template)
      })
    },

    async duplicate(caller, reference, wanted) {
      const { workspaceId } = caller
      const { template, version } = await caller.read(async (db) => {
        const original = await requireTemplate(db, workspaceId, reference)
        const number = original.active ?? original.newest
        return { template: original, version: await requireVersion(db, workspaceId, original, number) }
      })
      const content = await openVersion(keyring, workspaceId, version, 'templates.duplicate')
      const name = wanted.name ?? `${template.name.slice(0, 190)} (copy)`
      return create(caller, { ...content, name, alias: wanted.alias, note: '' })
    },
  }
}

/** What the index of aliases refuses, in words. */
async function orTaken<T>(alias: string | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (alias === undefined || !isUniqueViolation(error)) throw error
    throw new Fault('conflict', {
      detail: `Another template of this workspace has the alias ${alias}.`,
      fields: [
        { field: 'alias', problem: 'is taken', fix: 'Choose another, or take it from the other template.' },
      ],
      cause: error,
    })
  }
}
