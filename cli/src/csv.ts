/** One record as a line of CSV (RFC 4180). */
export function writeCsvLine(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",;\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
}
