import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

/** The user that PostgreSQL runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root. Started as root, it runs as the owner of its data directory, or as `postgres`, or as `nobody`.
 * Null: this process is an ordinary user, and PostgreSQL runs as the same.
 */
export function chooseAccount(existingDataDirectory: string | null): Account | null {
  if (process.getuid?.() !== 0) return null
  if (existingDataDirectory !== null) {
    const { uid, gid } = statSync(existingDataDirectory)
    if (uid !== 0) return { uid, gid }
  }
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = passwd.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) }
  }
  return { uid: 65_534, gid: 65_534 }
}

/** May this account enter the directory? Asked of the kernel itself, because modes, ACLs and mounts all have a say. */
export function canEnter(account: Account | null, directory: string): boolean {
  if (account === null) return true
  const probe = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  })
  if (probe.error !== undefined) {
    throw new Error(
      `This process is root but may not become user ${account.uid}, which PostgreSQL needs (${probe.error.message}): start Bulkhead as an ordinary user`,
    )
  }
  return probe.status === 0
}

/** How PostgreSQL's programs are spawned: as their user, from a directory that it can enter, with an environment that holds nothing else. */
export function spawnOptions(account: Account | null): {
  cwd: string
  env: Record<string, string>
  uid?: number
  gid?: number
} {
  return {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...account,
  }
}
