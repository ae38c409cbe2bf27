import { typeOfFile } from '../content-types.ts'
import { typed } from './mail-checks.ts'
import type { Problems } from './mail-checks.ts'
import type { MailAttachment, MailContent } from './mail-request.ts'

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
/** Contrary to its page of errors the vendor takes a type that tells the characters of a text, as clients send it. */
const CHARSET = /^[^;\s]+\/[^;\s]+ *; *charset="?[\w.:+-]{1,60}"? *$/i
/** What would end a field of a header, or begin a parameter of it. */
const BREAKING = /[;,\r\n]/

/** The parts of a message. Undefined where it says none that could be read. */
export function readContent(problems: Problems, value: unknown): MailContent[] | undefined {
  if (value === undefined) return []
  const list = typed(problems, 'array', value, 'content')
  if (list === undefined) return undefined
  const read = list.map((part, at) => readPart(problems, part, `content.${at}`))
  const contents = read.filter((part) => part !== undefined)
  const ranks = contents.map(({ type }) => rankOf(type))
  if (ranks.some((rank, at) => rank < (ranks[at - 1] ?? 0)))
    problems.add(
      'Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: text/plain needs to be first, followed by text/html, followed by any other content.',
      'content',
      'content.value',
    )
  return list.length > 0 && contents.length === 0 ? undefined : contents
}

function rankOf(type: string): number {
  const at = ['text/plain', 'text/html'].indexOf(type.toLowerCase())
  return at < 0 ? 2 : at
}

function readPart(problems: Problems, value: unknown, field: string): MailContent | undefined {
  const part = typed(problems, 'object', value, field, { anchor: 'content' })
  if (part === undefined) return undefined
  const type = readType(problems, part['type'], `${field}.type`)
  const text = readValue(problems, part['value'], `${field}.value`)
  return type === undefined || text === undefined ? undefined : { type, value: text }
}

function readType(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined)
    return problems.add(
      'A content type is required, this tells email clients how to display the email.',
      field,
    )
  if (typeof value !== 'string' || value === '')
    return problems.add('Your content type must be a string with length of at least one character.', field)
  if (BREAKING.test(value)) return problems.add("Cannot contain ';', or CRLF characters.", field)
  if (!/^text\/[a-z0-9][a-z0-9.+-]*$/i.test(value))
    return problems.add(
      'The content type must be text/plain, text/html, text/x-amp-html, text/calendar or another kind of text. Add anything else as an attachment.',
      field,
    )
  return value
}

function readValue(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined)
    return problems.add(
      'A content value is required, this is the content of the email you are sending.',
      field,
    )
  if (typeof value !== 'string' || value === '')
    return problems.add('The content value must be a string at least one character in length.', field)
  return value
}

export function readAttachments(problems: Problems, value: unknown): MailAttachment[] {
  const list = typed(problems, 'array', value, 'attachments') ?? []
  return list.flatMap((item, at) => readAttachment(problems, item, `attachments.${at}`) ?? [])
}

function readAttachment(problems: Problems, value: unknown, field: string): MailAttachment | undefined {
  const file = typed(problems, 'object', value, field, { anchor: 'attachments' })
  if (file === undefined) return undefined
  const content = readBytes(problems, file['content'], `${field}.content`)
  const filename = readFilename(problems, file['filename'], `${field}.filename`)
  const type = readFileType(problems, file['type'], `${field}.type`)
  const isInline = readDisposition(problems, file['disposition'], `${field}.disposition`)
  const givenId = file['content_id'] ?? file['contentId']
  const contentId = readContentId(problems, givenId, `${field}.content_id`)
  if (isInline && (givenId ?? '') === '')
    problems.add("The content_id parameter is required if disposition = 'inline'.", `${field}.content_id`)
  if (content === undefined || filename === undefined) return undefined
  return {
    content,
    filename,
    isInline,
    ...(type === undefined ? {} : { type }),
    ...(contentId === undefined ? {} : { contentId }),
  }
}

function readBytes(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined || value === null)
    return problems.add('The attachment content parameter is required.', field)
  if (typeof value !== 'string' || value === '')
    return problems.add('The attachment content must be a string at least one character in length.', field)
  const packed = value.replaceAll(/[\r\n]+/g, '')
  const isWhole = packed.endsWith('=') ? packed.length % 4 === 0 : packed.length % 4 !== 1
  if (!BASE64.test(packed) || !isWhole)
    return problems.add('The attachment content must be base64 encoded.', field)
  return packed
}

function readFilename(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined || value === null)
    return problems.add('The attachment filename parameter is required.', field)
  // Clients that know no name send none.
  if (value === '') return 'attachment'
  if (typeof value !== 'string')
    return problems.add('The filename of your attachment must be a string.', field)
  if (/[\r\n]/.test(value))
    return problems.add('The filename of your attachment cannot contain CRLF characters.', field)
  return value
}

function readFileType(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || value === '')
    return problems.add('The attachment type must be a string and at least one character in length.', field)
  if (/[;\r\n]/.test(value) && !CHARSET.test(value))
    return problems.add("The type cannot contain ';', or CRLF characters.", field)
  // Programs also give how the file's name ends, as examples of the vendor do; another word says nothing that a mail program could read.
  return value.includes('/') ? value : typeOfFile(`.${value.trim().replace(/^\./, '')}`)
}

function readDisposition(problems: Problems, value: unknown, field: string): boolean {
  if (value === undefined || value === null || value === 'attachment') return false
  if (value === 'inline') return true
  const given = typeof value === 'string' ? value : JSON.stringify(value)
  problems.add(
    `The disposition of your attachment can be either "inline" or "attachment". You provided ${given.slice(0, 100)}.`,
    field,
  )
  return false
}

function readContentId(problems: Problems, value: unknown, field: string): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string')
    return problems.add(
      `The content ID of your attachment must be a string. You provided ${JSON.stringify(value).slice(0, 100)}.`,
      field,
    )
  if (BREAKING.test(value))
    return problems.add('The content ID of your attachment cannot contain CRLF characters.', field)
  return value === '' ? undefined : value
}
