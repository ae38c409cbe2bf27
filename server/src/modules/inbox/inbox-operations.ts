import { clearInbox } from './operations/clear-inbox.ts'
import { getCapturedAttachment } from './operations/get-captured-attachment.ts'
import { getCaptured } from './operations/get-captured.ts'
import { getCapturedSource } from './operations/get-captured-source.ts'
import { getMessageParts } from './operations/get-message-parts.ts'
import { listCaptured } from './operations/list-captured.ts'

export const inboxOperations = [
  listCaptured,
  getCaptured,
  getCapturedSource,
  getCapturedAttachment,
  clearInbox,
  getMessageParts,
]
