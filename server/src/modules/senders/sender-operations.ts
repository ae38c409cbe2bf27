import { createSender } from './operations/create-sender.ts'
import { deleteSender } from './operations/delete-sender.ts'
import { listSenders } from './operations/list-senders.ts'

export const senderOperations = [createSender, listSenders, deleteSender]
