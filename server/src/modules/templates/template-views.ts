import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import { shownActor } from '../containments/index.ts'
import type { Content } from './template-content.ts'
import type { Publication, Template, Version, VersionSummary } from './template.ts'
import type { TemplateRow } from './templates-store.ts'
import type { PublicationRow, VersionHeadRow } from './versions-store.ts'

/** A template as it is shown. */
export function presentTemplate(row: TemplateRow): z.output<typeof Template> {
  return {
    id: encodeId('template', row.id),
    name: row.name,
    alias: row.alias,
    activeVersion: row.active,
    activeSince: row.active_since?.toISOString() ?? null,
    newestVersion: row.newest,
    newestState: row.newest_published ? 'published' : 'draft',
    dialect: row.newest_dialect,
    versions: row.versions,
    createdAt: row.created_at.toISOString(),
    createdBy: shownActor(row.created_by),
    updatedAt: row.updated_at.toISOString(),
    deletedAt: row.deleted_at?.toISOString() ?? null,
  }
}

/** A version in a list. */
export function presentVersionSummary(
  template: Pick<TemplateRow, 'id' | 'active'>,
  row: VersionHeadRow,
  head: { readonly subject: string; readonly note: string },
): z.output<typeof VersionSummary> {
  return {
    id: encodeId('templateVersion', row.id),
    templateId: encodeId('template', template.id),
    number: row.number,
    lineageId: encodeId('templateVersion', row.lineage ?? row.id),
    state: row.published_at === null ? 'draft' : 'published',
    isActive: template.active === row.number,
    dialect: row.dialect,
    subject: head.subject,
    note: head.note,
    hash: row.content_hash.toString('hex'),
    sizeBytes: row.size_bytes,
    createdAt: row.created_at.toISOString(),
    createdBy: shownActor(row.created_by),
    updatedAt: row.updated_at.toISOString(),
    publishedAt: row.published_at?.toISOString() ?? null,
    retiredAt: row.retired_at?.toISOString() ?? null,
  }
}

/** A version whole. */
export function presentVersion(
  template: Pick<TemplateRow, 'id' | 'active'>,
  row: VersionHeadRow,
  content: Content,
): z.output<typeof Version> {
  return {
    ...presentVersionSummary(template, row, content),
    html: content.html,
    text: content.text,
    sampleData: { ...content.sampleData },
    variables: content.variables.map(({ name, type, fallback = null }) => ({ name, type, fallback })),
    from: content.from,
    replyTo: [...content.replyTo],
    labels: [...content.labels],
  }
}

export function presentPublication(row: PublicationRow): z.output<typeof Publication> {
  return {
    version: row.number,
    at: row.published_at.toISOString(),
    by: shownActor(row.published_by),
    hash: row.content_hash.toString('hex'),
  }
}
