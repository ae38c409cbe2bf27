import {
  cancelInstallationAct,
  createInstallationAct,
  getInstallationAct,
  getInstallationQueue,
  listInstallationActs,
  previewInstallationAct,
  undoInstallationAct,
} from './operations/installation-queue.ts'
import {
  cancelAct,
  createAct,
  getAct,
  getQueue,
  listActs,
  previewAct,
  undoAct,
} from './operations/own-queue.ts'
import { createStaffAct, listStaffActs, previewStaffAct } from './operations/staff-queue.ts'

/** Of the API: workspaces for their own mail, the operator for all. */
export const queueOperations = [
  getQueue,
  previewAct,
  createAct,
  listActs,
  getAct,
  undoAct,
  cancelAct,
  getInstallationQueue,
  previewInstallationAct,
  createInstallationAct,
  listInstallationActs,
  getInstallationAct,
  undoInstallationAct,
  cancelInstallationAct,
]

/** Of the staff process. */
export const staffQueueOperations = [previewStaffAct, createStaffAct, listStaffActs]
