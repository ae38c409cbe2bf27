import { existsSync, lstatSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

/** Folders below node_modules that a process may read, packages or scopes, each with a package that lies in it. */
export type ReadablePackages = Readonly<Record<string, string>>

/** Flags of Node with which a process may read the folder of its entry and packages, and nothing else. */
export function readFlags(entry: string, packages: ReadablePackages): string[] {
  return [
    // First: Node 24 does not see a path that is named behind longer ones that begin with it.
    ...linkedFolders(entry).map((link) => `--allow-fs-read=${link}`),
    ...readable(entry, packages).flatMap((folder) => [
      `--allow-fs-read=${folder}`,
      `--allow-fs-read=${folder}/*`,
    ]),
  ]
}

/** Its own code and the packages'. Where packages are links, the way through the link is asked for too. */
function readable(entry: string, packages: ReadablePackages): string[] {
  const { resolve } = createRequire(import.meta.url)
  const folders = Object.entries(packages).map(([name, inside]) => folderOf(name, resolve(inside)))
  const links: string[] = []
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const found = Object.keys(packages).map((name) => join(folder, 'node_modules', name))
    links.push(...found.filter((link) => existsSync(link)))
  }
  return [...new Set([dirname(entry), ...folders, ...links])]
}

/** Where all packages lie behind one link: that link itself, and nothing else behind it. */
function linkedFolders(entry: string): string[] {
  const found: string[] = []
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const packages = join(folder, 'node_modules')
    if (lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink() === true) found.push(packages)
  }
  return found
}

/** The folder of that name that a file lies in. */
function folderOf(name: string, file: string): string {
  const at = file.lastIndexOf(`${sep}${name}${sep}`)
  return at < 0 ? dirname(file) : file.slice(0, at + name.length + 1)
}
