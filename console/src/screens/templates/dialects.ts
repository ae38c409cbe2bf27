import { CHOICES, type TemplateVersion } from '@bulkhead/sdk'
import { page, STARTERS, type Starter } from './starters.ts'

/** Languages in which a version can be written, as the server lists them. */
export const DIALECTS = CHOICES['templates.create'].dialect
export type Dialect = TemplateVersion['dialect']

export const DIALECT_NAMES: Readonly<Record<Dialect, string>> = {
  liquid: 'Liquid',
  'sendgrid-handlebars': 'SendGrid Handlebars',
  'sendgrid-legacy': 'SendGrid tags',
  'mandrill-handlebars': 'Mandrill Handlebars',
  'merge-tags': 'Mandrill merge tags',
  resend: 'Resend',
}

/** Whose it is, and how a value is put in. */
export const DIALECT_WORDS: Readonly<Record<Dialect, string>> = {
  liquid: 'Bulkhead’s own, as of LiquidJS: {{ name | default: "you" }}',
  'sendgrid-handlebars': 'of SendGrid’s dynamic templates: {{#if vip}}{{name}}{{/if}}',
  'sendgrid-legacy': 'SendGrid’s old substitution tags: -name-',
  'mandrill-handlebars': 'Mandrill with merge language handlebars: {{upper name}}',
  'merge-tags': 'Mandrill with merge language mailchimp: *|NAME|*',
  resend: 'of Resend’s templates: {{{NAME|you}}}',
}

/** How a value is put in, in each language other than Liquid. */
const PUT: Readonly<
  Record<
    Exclude<Dialect, 'liquid'>,
    { readonly mark: string; readonly data: Readonly<Record<string, unknown>> }
  >
> = {
  'sendgrid-handlebars': { mark: '{{name}}', data: { name: 'Ann' } },
  'sendgrid-legacy': { mark: '-name-', data: { substitutions: { '-name-': 'Ann' } } },
  'mandrill-handlebars': { mark: '{{name}}', data: { name: 'Ann' } },
  'merge-tags': { mark: '*|NAME|*', data: { NAME: 'Ann' } },
  resend: { mark: '{{{NAME|you}}}', data: { NAME: 'Ann' } },
}

/** What a new template in a language may begin with. */
export function startersIn(dialect: Dialect): readonly Starter[] {
  if (dialect === 'liquid') return STARTERS
  const { mark, data } = PUT[dialect]
  return [
    {
      name: 'Empty',
      subject: `Hello ${mark}`,
      html: page(`    <p>Hello ${mark},</p>`),
      text: `Hello ${mark},\n`,
      sampleData: data,
    },
  ]
}
