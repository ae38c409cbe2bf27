/** MIME: composing messages, judging and reading raw ones. Pure functions over bytes; nothing here knows what a message is for. */
export { composeMessage } from './compose.ts'
export { decodeHeaderText } from './header-text.ts'
export {
  MAX_HEADER_BLOCK_BYTES,
  findHeader,
  headerValue,
  parseHeaderBlock,
  withHeaders,
  withoutHeaders,
} from './header-block.ts'
export type { HeaderBlock, HeaderField, MimeProblem } from './header-block.ts'
export { checkSubmitted } from './submitted.ts'
export type { SubmittedMessage } from './submitted.ts'
export { fileNameOf } from './parameters.ts'
export { fieldOf, fieldsOf, partBytes, partText, readFieldGroups, readFields, readParts } from './parts.ts'
export type { MimePart, MimeTree, TextField } from './parts.ts'
export { textOfHtml } from './text-of-html.ts'
