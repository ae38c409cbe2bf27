import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { uuidFromHex } from '../../../kernel/ids.ts'
import type { Template, Version } from '../../../modules/templates/index.ts'
import { mailboxText } from './mailbox-text.ts'
import { uuidOf } from './ids.ts'

type TemplateView = z.output<typeof Template>
type VersionView = z.output<typeof Version>

export function presentTemplateItem(template: TemplateView) {
  return {
    id: uuidOf('template', template.id),
    name: template.name,
    alias: template.alias,
    status: template.activeVersion === null ? 'draft' : 'published',
    published_at: template.activeSince,
    created_at: template.createdAt,
    updated_at: template.updatedAt,
  }
}

/** With what its newest version says. */
export function presentTemplate(template: TemplateView, version: VersionView) {
  return {
    object: 'template',
    ...presentTemplateItem(template),
    current_version_id: uuidOf('templateVersion', version.id),
    from: version.from === null ? null : mailboxText(version.from),
    subject: version.subject === '' ? null : version.subject,
    reply_to: version.replyTo.length === 0 ? null : version.replyTo,
    html: version.html ?? '',
    text: version.text,
    variables: version.variables.map(({ name, type, fallback }) => ({
      id: variableId(template.id, name),
      key: name,
      type,
      fallback_value: fallback,
      created_at: version.createdAt,
      updated_at: version.updatedAt,
    })),
    has_unpublished_versions: template.newestState === 'draft',
  }
}

/** Variables have names and no ids here: the same id for the same name of a template, in the form of UUID version 8 (RFC 9562 §5.8). */
function variableId(templateId: string, name: string): string {
  const hex = createHash('sha256').update(`${templateId}/${name}`).digest('hex')
  return uuidFromHex(`${hex.slice(0, 12)}8${hex.slice(13, 16)}a${hex.slice(17, 32)}`)
}
