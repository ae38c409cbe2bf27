/** The configuration: environment variables parsed once, at the start of a process. No other file reads the environment for settings. */
export { ConfigError, INTERNAL_PREFIX, formatAddress, loadConfig, mayLeaveSensitive } from './config.ts'
export type { Config } from './config.ts'
export { SETTINGS, configurationTable } from './settings.ts'
export type { LogLevel } from './setting-parsers.ts'
export type { Mode } from './settings.ts'
export { loadTlsMaterial } from './tls-material.ts'
export type { TlsMaterial } from './tls-material.ts'
export type { ListenAddress, Outbound } from './values.ts'
