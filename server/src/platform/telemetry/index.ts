/** Logs that hold no personal data. */
export { createLogger, describeForLog, mask } from './logger.ts'
export type { Logger, LoggerOptions } from './logger.ts'
