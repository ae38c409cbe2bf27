import {
  cancelBroadcast,
  createBroadcast,
  deleteBroadcast,
  sendBroadcast,
  updateBroadcast,
} from './operations/change-broadcasts.ts'
import { getBroadcast, listBroadcastRecipients, listBroadcasts } from './operations/read-broadcasts.ts'

export const broadcastOperations = [
  createBroadcast,
  listBroadcasts,
  getBroadcast,
  updateBroadcast,
  deleteBroadcast,
  sendBroadcast,
  cancelBroadcast,
  listBroadcastRecipients,
]
