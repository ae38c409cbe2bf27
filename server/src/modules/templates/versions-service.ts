import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idOf, page } from '../../platform/http/listing.ts'
import type { Dialect, TemplateRenderer } from '../../platform/templates/index.ts'
import { requireRenderable } from './rendering-service.ts'
import {
  changedMeanwhile,
  noTemplate,
  requireTemplate,
  requireVersion,
  type Caller,
  type Reader,
} from './template-access.ts'
import {
  changedContent,
  contentOf,
  openHeads,
  openVersion,
  sealVersion,
  type ContentChange,
  type Keyring,
  type WrittenContent,
} from './template-content.ts'
import { presentVersion, presentVersionSummary } from './template-views.ts'
import { VERSIONS_MAX } from './template.ts'
import type { TemplateDetail, Version, VersionSummary } from './template.ts'
import { lockTemplate, touchTemplate } from './templates-store.ts'
import {
  deleteDraft,
  insertVersion,
  publish,
  replaceDraft,
  retireLineage,
  selectVersions,
} from './versions-store.ts'

type View = z.output<typeof Version>

export interface VersionsDependencies {
  readonly keyring: Keyring
  readonly renderer: Pick<TemplateRenderer, 'render'>
  readonly newId: () => string
  readonly get: (caller: Reader, reference: string) => Promise<z.output<typeof TemplateDetail>>
}

export interface Versions {
  /** `follows` is the number of the version whose place it takes. */
  createVersion(
    caller: Caller,
    reference: string,
    written: WrittenContent & { readonly follows?: number | undefined },
  ): Promise<View>
  listVersions(
    caller: Reader,
    reference: string,
    query: {
      readonly lineageId?: string | undefined
      readonly latest: 'true' | 'false'
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: z.output<typeof VersionSummary>[]; nextCursor: string | null }>
  getVersion(caller: Reader, reference: string, number: number): Promise<View>
  /** Throws `conflict` where the version is no draft, or not as the caller knows it. */
  updateVersion(
    caller: Caller,
    reference: string,
    number: number,
    change: ContentChange & { readonly ifHash?: string | undefined },
  ): Promise<View>
  /** Deletes a draft; puts away what was published, with the published versions of its line. */
  removeVersion(caller: Caller, reference: string, number: number): Promise<void>
  /** Throws `template_failed` where the version cannot be rendered at all. */
  publish(caller: Caller, reference: string, number: number): Promise<z.output<typeof TemplateDetail>>
}

/** Versions of templates. What one says is sealed before the transaction, because that asks the keyring. */
export function createVersions(deps: VersionsDependencies): Versions {
  const { keyring } = deps

  async function getVersion(caller: Reader, reference: string, number: number): Promise<View> {
    const { template, row } = await read(caller, reference, number)
    const content = await openVersion(keyring, caller.workspaceId, row, 'templates.getVersion')
    return presentVersion(template, row, content)
  }

  return {
    getVersion,

    async createVersion(caller, reference, written) {
      const { workspaceId, actor } = caller
      const content = contentOf(written, await dialectFor(caller, reference, written))
      const sealed = await sealVersion(keyring, workspaceId, deps.newId(), content)
      const { id, number } = await caller.act(async (db, about) => {
        const template = await requireTemplate(db, workspaceId, reference)
        if (template.versions >= VERSIONS_MAX) {
          throw new Fault('conflict', {
            detail: `This template has ${VERSIONS_MAX} versions, and that is the most. Delete drafts, or go on with a copy of the template.`,
          })
        }
        const { follows } = written
        const before = follows === undefined ? null : await requireVersion(db, workspaceId, template, follows)
        const lineage = before === null ? null : (before.lineage ?? before.id)
        const next = await insertVersion(db, workspaceId, template.id, sealed, actor, lineage)
        if (next === undefined) throw noTemplate(reference)
        about(encodeId('template', template.id), {
          version: next,
          hash: sealed.hash.toString('hex'),
          ...(follows === undefined ? {} : { follows }),
        })
        return { id: template.id, number: next }
      })
      return getVersion(caller, encodeId('template', id), number)
    },

    async listVersions(caller, reference, query) {
      const { workspaceId } = caller
      const below = numberOfCursor(query.cursor)
      const { template, rows } = await caller.read(async (db) => {
        const found = await requireTemplate(db, workspaceId, reference)
        return {
          template: found,
          rows: await selectVersions(db, workspaceId, found.id, {
            below,
            lineage: query.lineageId === undefined ? null : idOf('templateVersion', query.lineageId),
            isLatest: query.latest === 'true',
            limit: query.limit + 1,
          }),
        }
      })
      const heads = await openHeads(keyring, workspaceId, rows, 'templates.listVersions')
      return page(
        rows,
        query.limit,
        (row) => presentVersionSummary(template, row, heads.get(row.id) ?? { subject: '', note: '' }),
        (row) => String(row.number),
      )
    },

    async updateVersion(caller, reference, number, { ifHash, ...change }) {
      const { workspaceId } = caller
      const { template, row } = await read(caller, reference, number)
      if (row.published_at !== null) throw notADraft(number)
      if (ifHash !== undefined && ifHash !== row.content_hash.toString('hex'))
        throw changedMeanwhile(`Version ${number}`)
      const before = await openVersion(keyring, workspaceId, row, 'templates.updateVersion')
      const sealed = await sealVersion(keyring, workspaceId, row.id, changedContent(before, change))
      await caller.act(async (db, about) => {
        if (!(await lockTemplate(db, workspaceId, template.id))) throw noTemplate(reference)
        if (!(await replaceDraft(db, workspaceId, template.id, row, sealed)))
          throw changedMeanwhile(`Version ${number}`)
        await touchTemplate(db, workspaceId, template.id)
        about(encodeId('template', template.id), {
          version: number,
          hash: sealed.hash.toString('hex'),
          before: row.content_hash.toString('hex'),
        })
      })
      return getVersion(caller, encodeId('template', template.id), number)
    },

    removeVersion: (caller, reference, number) =>
      caller.act(async (db, about) => {
        const { workspaceId } = caller
        const { id } = await requireTemplate(db, workspaceId, reference)
        if (!(await lockTemplate(db, workspaceId, id))) throw noTemplate(reference)
        // Counted after the lock: two at once do not leave a template without a version.
        const template = await requireTemplate(db, workspaceId, encodeId('template', id))
        const row = await requireVersion(db, workspaceId, template, number)
        const told = { version: number, hash: row.content_hash.toString('hex') }
        if (row.published_at !== null) {
          await retireLineage(db, workspaceId, id, row.lineage ?? row.id)
          await touchTemplate(db, workspaceId, id)
          about(encodeId('template', id), { ...told, retired: true })
          return
        }
        if (template.versions === 1) {
          throw new Fault('conflict', {
            detail: 'This is the only version of the template. Delete the template instead.',
          })
        }
        await deleteDraft(db, workspaceId, id, number)
        await touchTemplate(db, workspaceId, id)
        about(encodeId('template', id), told)
      }),

    async publish(caller, reference, number) {
      const { workspaceId, actor } = caller
      const { template, row } = await read(caller, reference, number)
      const content = await openVersion(keyring, workspaceId, row, 'templates.publish')
      await requireRenderable(deps.renderer, workspaceId, content, { template, number })
      const id = encodeId('template', template.id)
      await caller.act(async (db, about) => {
        if (!(await lockTemplate(db, workspaceId, template.id))) throw noTemplate(reference)
        const { active } = await requireTemplate(db, workspaceId, id)
        const before = active === null ? null : await requireVersion(db, workspaceId, template, active)
        if (!(await publish(db, workspaceId, template.id, row, actor)))
          throw changedMeanwhile(`Version ${number}`)
        await touchTemplate(db, workspaceId, template.id)
        about(id, {
          name: template.name,
          alias: template.alias,
          version: number,
          hash: row.content_hash.toString('hex'),
          before: before === null ? null : { version: active, hash: before.content_hash.toString('hex') },
        })
      })
      return deps.get(caller, id)
    },
  }
}

/** A new version is written in the language of the newest one unless it names another. */
async function dialectFor(
  caller: Reader,
  reference: string,
  written: WrittenContent,
): Promise<Dialect | undefined> {
  if (written.dialect !== undefined) return undefined
  return caller.read(async (db) => {
    const template = await requireTemplate(db, caller.workspaceId, reference)
    return (await requireVersion(db, caller.workspaceId, template, template.newest)).dialect
  })
}

async function read(caller: Reader, reference: string, number: number) {
  return caller.read(async (db) => {
    const template = await requireTemplate(db, caller.workspaceId, reference)
    return { template, row: await requireVersion(db, caller.workspaceId, template, number) }
  })
}

function notADraft(number: number): Fault {
  return new Fault('conflict', {
    detail: `Version ${number} was published: it stays as it is. Add a new version.`,
  })
}

function numberOfCursor(cursor: string | undefined): number | null {
  if (cursor === undefined) return null
  if (/^[1-9]\d{0,8}$/.test(cursor)) return Number(cursor)
  throw invalidField('cursor', 'is not a cursor of this list', 'Give nextCursor of the page before, or none.')
}
