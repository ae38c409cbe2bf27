/** The audit log as files on this host: what is public in the layout of C2SP tlog-tiles, and the records beside it. */
export { openLogFiles } from './log-files.ts'
export type { LogFiles, StoredEntry } from './log-files.ts'
